// The calendar: FullCalendar behind this one file. <div data-calendar …> holds the server's own list until this takes over.
import { Calendar } from "fullcalendar";
import dayGrid from "fullcalendar/daygrid";
import interaction from "fullcalendar/interaction";
import list from "fullcalendar/list";
import french from "fullcalendar/locales/fr";
import timeGrid from "fullcalendar/timegrid";
import { classes, content, fromServer, sentence } from "./calendar_event.js";
import { mover } from "./calendar_move.js";
import look from "./calendar_theme.js";
import { isTyping, readerLocale, word } from "./page.js";

const views = { week: "timeGridWeek", month: "dayGridMonth", list: "listWeek" };
const nameOf = (type) => Object.keys(views).find((name) => views[name] === type) ?? "week";
const onPhone = matchMedia("(max-width: 720px)").matches;
// Seven columns do not fit a phone: its "week" is three days.
if (onPhone) views.week = "threeDays";

/** Fetches the events between two moments; the address may already carry filters. */
function source(url) {
  return async ({ startStr, endStr }) => {
    const address = new URL(url, location.href);
    address.searchParams.set("start", startStr);
    address.searchParams.set("end", endStr);
    const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`events: ${answer.status}`);
    return (await answer.json()).map(fromServer);
  };
}

/** The view and the day stay in the address, so that a reload or a shared link shows the same. */
function keepInAddress(info) {
  const address = new URL(location.href);
  const { calendar, type } = info.view;
  address.searchParams.set("view", nameOf(type));
  address.searchParams.set("date", calendar.formatIso(calendar.getDate(), true).slice(0, 10));
  history.replaceState(history.state, "", address);
}

function hours(first = 7, last = 20) {
  const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;
  return { slotMinTime: clock(first), slotMaxTime: clock(last) };
}

/** The week shows the working day, and more of it as soon as a post lies outside. */
function showHours(calendar, events) {
  const starts = events.filter((event) => !event.allDay).map((event) => Number(event.startStr.slice(11, 13)));
  const wanted = hours(Math.min(7, ...starts), Math.max(20, ...starts.map((hour) => Math.min(hour + 2, 24))));
  for (const [option, value] of Object.entries(wanted)) if (calendar.getOption(option) !== value) calendar.setOption(option, value);
}

function start(place) {
  const { eventsUrl, view, date, firstDay, timezone, moveUrlTemplate, csrf } = place.dataset;
  const asked = new URLSearchParams(location.search);
  const reload = () => calendar.refetchEvents();
  place.replaceChildren();
  const calendar = new Calendar(place, {
    plugins: [dayGrid, timeGrid, list, interaction, look],
    locales: [french],
    locale: readerLocale(),
    firstDay: firstDay === undefined ? undefined : Number(firstDay),
    timeZone: timezone ?? "local",
    initialView: views[asked.get("view") ?? (onPhone ? "list" : view)] ?? views.week,
    initialDate: asked.get("date") || date || undefined,
    headerToolbar: { start: "prev,next today title", end: `${views.week},${views.month},${views.list}` },
    views: { timeGrid: { titleFormat: { day: "numeric", month: "long", year: "numeric" } }, threeDays: { type: "timeGrid", duration: { days: 3 } } },
    buttons: { today: { text: word("today") }, timeGridWeek: { text: word("week") }, threeDays: { text: word("days") }, dayGridMonth: { text: word("month") }, listWeek: { text: word("list") } },
    allDayText: word("allDay"),
    height: "auto",
    tableHeaderSticky: true,
    nowIndicator: true,
    ...hours(),
    slotDuration: "00:30",
    slotMinHeight: 26,
    snapDuration: "00:15",
    slotHeaderFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    defaultTimedEventDuration: "01:00",
    forceEventDuration: false,
    displayEventEnd: false,
    eventDisplay: "block",
    eventShortHeight: 34,
    slotEventOverlap: false,
    eventMaxStack: 2,
    dayMaxEvents: 5,
    moreLinkHint: (count) => `+${count} ${word("more")}`,
    moreLinkContent: (info) => (info.view.type === views.week ? `+${info.num}` : `+${info.num} ${word("more")}`),
    eventDurationEditable: false,
    eventAllow: (span, event) => span.allDay === event.allDay,
    longPressDelay: 350,
    events: source(eventsUrl),
    eventSourceFailure: () => document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text: word("lost"), kind: "error" } })),
    eventClass: classes,
    eventContent: content,
    eventDidMount: (info) => describe(info.el, info),
    dayHeaderDidMount: (info) => speak(info.el),
    eventDrop: mover({ urlTemplate: moveUrlTemplate ?? "", csrf }, reload),
    datesSet: (info) => {
      keepInAddress(info);
      requestAnimationFrame(() => nameNothing(place));
    },
    eventsSet: (events) => showHours(calendar, events),
    loading: (busy) => place.setAttribute("aria-busy", String(busy)),
  });
  calendar.render();
  startKeys(place, calendar);
}

/** The drawn name of a day is hidden from screen readers in favour of a label; one text for all is simpler and is found. */
function speak(head) {
  for (const part of head.querySelectorAll("[aria-hidden]")) part.removeAttribute("aria-hidden");
}

/** The corner beside the hours is no heading. */
function nameNothing(place) {
  for (const corner of place.querySelectorAll("[role=rowheader]:empty")) {
    corner.setAttribute("role", "gridcell");
    corner.removeAttribute("aria-label");
  }
}

function describe(el, info) {
  const words = sentence(info);
  el.title = words;
  el.setAttribute("aria-label", words);
  el.dataset.row = "";
  if (info.view.type === views.list) {
    // A link is not a list item: the day becomes a group of links.
    el.removeAttribute("role");
    el.parentElement?.setAttribute("role", "group");
  }
  if (info.event.extendedProps.move_url && info.event.startEditable) el.dataset.move = info.event.extendedProps.move_url;
}

/** With a post in focus: Enter opens it (it is a link), m moves it. Arrows and t turn the pages. */
function startKeys(place, calendar) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const focused = document.activeElement?.closest("[data-move]");
    if (event.key === "m" && focused && place.contains(focused)) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("planner:sheet", { detail: { href: focused.dataset.move } }));
    } else if (event.key === "ArrowLeft" && event.target === document.body) {
      calendar.prev();
    } else if (event.key === "ArrowRight" && event.target === document.body) {
      calendar.next();
    } else if (event.key === "t") {
      calendar.today();
    }
  });
}

for (const place of document.querySelectorAll("[data-calendar]")) start(place);
