// One post on the calendar: platform, time, title and state, each said by a drawing and by a word.
import { drawIcon, element } from "./page.js";

const states = {
  draft: ["pencil", "neutral"],
  in_review: ["eye", "amber"],
  changes_requested: ["message-square-warning", "orange"],
  approved: ["badge-check", "blue"],
  scheduled: ["clock-3", "teal"],
  sending: ["send", "violet"],
  published: ["circle-check-big", "green"],
  failed: ["octagon-x", "red"],
  missed: ["alarm-clock-off", "red"],
  unconfirmed: ["circle-question-mark", "orange"],
  taken_down: ["trash-2", "neutral"],
  cancelled: ["ban", "neutral"],
  native: ["square-pen", "neutral"],
  native_gone: ["trash-2", "neutral"],
};

const origins = { event: "map-pin", blackout: "snowflake", holiday: "sun" };

/** What FullCalendar keeps of one row of the events address. */
export function fromServer(row) {
  const { id, title, start, end, allDay, url, editable, ...rest } = row;
  return { id: String(id), title, start, end: end ?? undefined, allDay, url: url ?? undefined, editable: Boolean(editable), extendedProps: rest };
}

export function classes(info) {
  const { state, colour, origin } = info.event.extendedProps;
  return [
    "cal-event",
    `channel--${(colour ?? 0) % 8}`,
    state && `cal-event--${state}`,
    origin && `cal-event--from-${origin}`,
    info.event.startEditable && "cal-event--moves",
  ].filter(Boolean).join(" ");
}

export function content(info) {
  const { platform, channel, state, confidential, origin } = info.event.extendedProps;
  const top = element("span", "cal-event__top");
  if (platform) top.append(mark(drawIcon(`platform-${platform}`), "cal-event__platform"));
  else if (origins[origin]) top.append(mark(drawIcon(origins[origin]), "cal-event__platform"));
  if (info.timeText) top.append(element("span", "cal-event__time", info.timeText));
  const title = element("span", "cal-event__title", info.event.title);
  const end = element("span", "cal-event__end");
  if (confidential) end.append(mark(drawIcon("shield"), "cal-event__flag"));
  if (states[state]) end.append(mark(drawIcon(states[state][0]), `cal-event__state tone-${states[state][1]}`));
  const nodes = [top, title, end];
  if (info.view.type.startsWith("list")) {
    nodes.splice(2, 0, element("span", "cal-event__channel", channel ?? ""));
    if (states[state]) end.append(element("span", "cal-event__word", info.event.extendedProps.state_label));
  }
  return { domNodes: nodes };
}

function mark(icon, name) {
  icon.classList.add(...name.split(" "));
  return icon;
}

/** The whole post in words, for hovering and for screen readers. */
export function sentence(info) {
  const { channel, state_label: label } = info.event.extendedProps;
  return [info.timeText, info.event.title, channel, label].filter(Boolean).join(" · ");
}
