// Our look for FullCalendar: it asks for class names part by part, calendar.css draws them.
import { joinClassNames as join } from "fullcalendar";
import { drawIcon } from "./page.js";

const day = (info) => join("cal-day", info.isToday && "cal-day--today", info.isOther && "cal-day--other", info.isDisabled && "cal-day--off", [0, 6].includes(info.dow) && "cal-day--weekend");
const slot = (info) => join("cal-slot", info.isMinor && "cal-slot--minor");
const arrow = (name) => ({ iconContent: () => ({ domNodes: [drawIcon(name)] }) });

const options = {
  className: "cal",
  viewClass: "cal-view",
  toolbarClass: "cal-toolbar",
  toolbarSectionClass: "cal-toolbar__part",
  toolbarTitleClass: "cal-title",
  buttonGroupClass: "segments",
  buttonClass: (info) => (info.buttonGroup && !info.isIconOnly ? "cal-choice" : join("button", info.isIconOnly && "button--icon button--quiet")),
  buttons: { prev: arrow("chevron-left"), next: arrow("chevron-right") },

  eventColor: "transparent",
  eventContrastColor: "inherit",
  eventClass: (info) => join("cal-event", info.isDragging && "cal-event--dragging", info.isSelected && "cal-event--selected", info.isPast && "cal-event--past"),
  blockEventInnerClass: "cal-event__inner",
  rowEventClass: "cal-event--row",
  columnEventClass: (info) => join("cal-event--column", info.isShort && "cal-event--short"),
  listItemEventClass: "cal-event--line",
  listItemEventInnerClass: "cal-event__inner",
  listItemEventTimeClass: "cal-event__outer-time",
  backgroundEventClass: "cal-background",

  moreLinkClass: "cal-more",
  columnMoreLinkClass: "cal-more--column",
  dayHeaderAlign: "start",
  dayHeaderClass: (info) => join("cal-head", info.isToday && "cal-head--today", info.inPopover && "cal-head--popover"),
  dayHeaderInnerClass: "cal-head__inner",
  dayHeaderRowClass: "cal-row",
  dayHeaderDividerClass: "cal-divider",
  dayRowClass: "cal-row",
  dayCellClass: day,
  dayCellTopClass: "cal-day__top",
  dayCellTopInnerClass: "cal-day__number",
  dayCellBottomClass: "cal-day__bottom",
  dayCellInnerClass: (info) => join(info.inPopover && "cal-popover__body"),
  dayLaneClass: day,
  dayLaneInnerClass: (info) => (info.isStack ? "cal-stack" : "cal-lane"),
  slotLaneClass: slot,
  slotHeaderRowClass: "cal-row",
  slotHeaderClass: slot,
  slotHeaderInnerClass: "cal-hour",
  slotHeaderDividerClass: "cal-divider--side",
  fillerClass: "cal-filler",
  tableHeaderClass: "cal-table-head",
  allDayHeaderClass: "cal-allday",
  allDayHeaderInnerClass: "cal-allday__inner",
  allDayDividerClass: "cal-allday__divider",
  nowIndicatorLineClass: "cal-now",
  nowIndicatorHeaderClass: "cal-now-dot",
  nonBusinessHoursClass: "cal-quiet",
  highlightClass: "cal-target",
  weekNumberHeaderClass: "cal-week",
  inlineWeekNumberClass: "cal-week",
  navLinkClass: "cal-nav",

  popoverClass: "cal-popover",
  popoverCloseClass: "button button--icon button--quiet button--small cal-popover__close",
  popoverCloseContent: () => ({ domNodes: [drawIcon("x")] }),

  listDayClass: "cal-list__day",
  listDayHeaderClass: (info) => join("cal-list__head", info.isToday && "cal-list__head--today"),
  listDayHeaderInnerClass: "cal-list__name",
  noEventsClass: "empty",
  noEventsInnerClass: "empty__text",
};

export default { name: "planner-look", optionDefaults: options };
