// Moving posts: by dragging one to another day or into the drawer, something out of it onto a day, or with Shift and an arrow. The server may refuse, or ask first; says what happened; offers to take it back.
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

const versioned = (post) => `${post.dataset.post}:${post.dataset.version}`;

/** Does it, says what came of it with its Undo, and shows the calendar as it is then. */
async function change(url, fields, reload) {
  const back = location.pathname + location.search;
  const done = await send(url, { back: location.search ? back : "", ...fields }).catch(() => null);
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

/** What was taken hold of, and what becomes of it on a day or in the drawer. */
function heldBy(event) {
  const thing = event.target.closest?.("[data-post], [data-asset], [data-loose]");
  if (!thing) return null;
  const home = thing.closest("[data-day]");
  return { thing, home, channel: home?.dataset.channel ?? thing.dataset.channel ?? "", isPost: "post" in thing.dataset, asset: thing.dataset.asset ?? "" };
}

/** A day, or a day of a lane; an asset goes anywhere, a post on its own channel. */
function fitsDay(held, day) {
  if (!day || day === held.home) return false;
  return held.asset !== "" || (day.dataset.channel ?? held.channel) === held.channel;
}

/** A drawer below the edge of the window comes up to it while a post is in hand. */
function bringNear(drawer) {
  if (drawer && drawer.getBoundingClientRect().top > innerHeight - 60) drawer.classList.add("is-near");
}

export function startDragging(place, reload) {
  let held = null;
  let strange = false;
  const spotOf = (event) => event.target.closest?.("[data-day], [data-drawer]");
  const fits = (spot) => held && spot && ("drawer" in spot.dataset ? held.isPost : fitsDay(held, spot));

  place.addEventListener("dragstart", (event) => {
    held = heldBy(event);
    if (!held) return;
    event.dataTransfer.effectAllowed = "move";
    held.thing.classList.add("is-dragged");
    place.toggleAttribute("data-held", held.isPost);
    if (held.isPost) setTimeout(() => bringNear(place.querySelector("[data-drawer]")));
  });
  place.addEventListener("dragover", (event) => {
    const spot = spotOf(event);
    for (const one of place.querySelectorAll(".is-target")) if (one !== spot) one.classList.remove("is-target");
    strange = Boolean(held && spot?.dataset.channel && held.channel && spot.dataset.channel !== held.channel);
    if (!fits(spot)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    spot.classList.add("is-target");
  });
  place.addEventListener("drop", (event) => {
    const spot = spotOf(event);
    if (!fits(spot)) return;
    event.preventDefault();
    strange = false;
    const { thing, home, asset, isPost } = held;
    const { day, channel, drawer } = spot.dataset;
    if (drawer) change(drawer, { post: versioned(thing) }, reload);
    else if (isPost) change(place.dataset.move, { post: versioned(thing), days: daysBetween(home.dataset.day, day) }, reload);
    else if (asset && !channel) location.assign(`${place.dataset.compose}?${new URLSearchParams({ asset, at: `${day}T09:00` })}`);
    else change(place.dataset.place, asset ? { asset, channel, day } : { post: thing.dataset.loose, day }, reload);
  });
  place.addEventListener("dragend", () => {
    if (held && strange) say(word("otherChannel"), "error");
    held = null;
    strange = false;
    place.removeAttribute("data-held");
    for (const one of place.querySelectorAll(".is-target, .is-dragged, .is-near")) one.classList.remove("is-target", "is-dragged", "is-near");
  });
}

const arrows = { ArrowLeft: { days: -1 }, ArrowRight: { days: 1 }, ArrowUp: { days: 0, minutes: -15 }, ArrowDown: { days: 0, minutes: 15 } };

/** Shift and an arrow move the post in focus: a day, or a quarter of an hour. */
export function startNudging(place, reload) {
  place.addEventListener("keydown", (event) => {
    const post = event.target.closest?.("[data-post]");
    if (!post || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || !arrows[event.key]) return;
    event.preventDefault();
    change(place.dataset.move, { post: versioned(post), ...arrows[event.key] }, reload);
  });
}
