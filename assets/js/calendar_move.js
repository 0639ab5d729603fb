// Moving posts: by dragging one to another day, or with Shift and an arrow. The server may refuse, or ask first; says what happened; offers to take it back.
import { csrfToken, word } from "./page.js";

function say(text, kind, undo) {
  document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text, kind, undo } }));
}

/** What the server answers to a form: {ok, message, ask, undo, fields}. */
async function send(url, fields) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: new URLSearchParams(fields),
  });
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, ...said, text: said.message ?? said.detail ?? said.error ?? "" };
}

async function move(place, post, by, reload) {
  const back = location.pathname + location.search;
  const done = await send(place.dataset.move, { post: `${post.dataset.post}:${post.dataset.version}`, back: location.search ? back : "", ...by }).catch(() => null);
  if (done?.ok && done.ask) {
    document.dispatchEvent(new CustomEvent("planner:sheet", { detail: { href: done.ask } }));
    return;
  }
  if (!done?.ok) {
    say(done?.text || word("lost"), "error");
    return;
  }
  say(done.text || word("moved"), "success", async () => {
    const undone = await send(done.undo, done.fields).catch(() => null);
    say(undone?.text || word("lost"), undone?.ok ? "info" : "error");
    reload();
  });
  reload();
}

/** Whole days from one ISO day to another; noon keeps clear of the hour that comes or goes. */
function daysBetween(from, to) {
  return Math.round((Date.parse(`${to}T12:00Z`) - Date.parse(`${from}T12:00Z`)) / 86_400_000);
}

export function startDragging(place, reload) {
  let held = null;
  const dayAt = (event) => event.target.closest?.("[data-day]");
  const home = () => held.closest("[data-day]");
  const fits = (day) => held && day && day !== home() && (day.dataset.channel ?? "") === (home().dataset.channel ?? "");

  place.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[data-post]");
    if (!held) return;
    event.dataTransfer.effectAllowed = "move";
    held.classList.add("is-dragged");
  });
  place.addEventListener("dragover", (event) => {
    const day = dayAt(event);
    for (const one of place.querySelectorAll(".is-target")) if (one !== day) one.classList.remove("is-target");
    if (!fits(day)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    day.classList.add("is-target");
  });
  place.addEventListener("drop", (event) => {
    const day = dayAt(event);
    if (!fits(day)) return;
    event.preventDefault();
    move(place, held, { days: daysBetween(home().dataset.day, day.dataset.day) }, reload);
  });
  place.addEventListener("dragend", () => {
    held = null;
    for (const one of place.querySelectorAll(".is-target, .is-dragged")) one.classList.remove("is-target", "is-dragged");
  });
}

const arrows = { ArrowLeft: { days: -1 }, ArrowRight: { days: 1 }, ArrowUp: { days: 0, minutes: -15 }, ArrowDown: { days: 0, minutes: 15 } };

/** Shift and an arrow move the post in focus: a day, or a quarter of an hour. */
export function startNudging(place, reload) {
  place.addEventListener("keydown", (event) => {
    const post = event.target.closest?.("[data-post]");
    if (!post || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || !arrows[event.key]) return;
    event.preventDefault();
    move(place, post, arrows[event.key], reload);
  });
}
