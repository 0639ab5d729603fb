// The calendar, drawn by the server: this turns its pages without loading them anew, moves posts by dragging, and shows what others changed.
import "./marks.js";
import { startDragging, startNudging } from "./calendar_move.js";
import { startPicking } from "./calendar_pick.js";
import { announceContent, isTyping, word } from "./page.js";

/** How often the page asks whether somebody changed something. */
const ASK_EVERY = 15_000;

const place = document.querySelector("[data-calendar]");
let shown = location.href;
/** The mark of the page that is shown; empty until one was asked for. */
let last = "";
let count = () => {};
/** What is being asked for. */
let asking = null;

/** The calendar of that address, in place of the one on the page. Something else came back: go there. Of two asked for, the later one is shown. */
async function show(address, { push = false, quiet = false } = {}) {
  if (quiet && asking) return;
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  place.setAttribute("aria-busy", "true");
  const got = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" }, signal: mine.signal })
    .then(async (answer) => [answer, await answer.text()])
    .catch(() => null);
  if (asking !== mine) return;
  asking = null;
  place.setAttribute("aria-busy", "false");
  if (!got) {
    if (!quiet) document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text: word("lost"), kind: "error" } }));
    return;
  }
  const [answer, text] = got;
  const tag = answer.headers.get("ETag");
  const page = new DOMParser().parseFromString(text, "text/html").querySelector("[data-calendar]");
  if (!page) {
    if (!quiet) location.assign(address);
    return;
  }
  const mark = tag ?? page.innerHTML;
  const same = last ? mark === last : page.innerHTML === place.innerHTML;
  if (quiet && same) {
    last = mark;
    return;
  }
  if (quiet && isBusy()) return;
  last = mark;
  replace(page);
  shown = new URL(address, location.href).href;
  if (push) history.pushState(null, "", shown);
}

/** What the reader has in hand stays in hand: the focus, and what is ticked. */
function replace(page) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const held = focused?.dataset.post ?? "";
  const turned = focused?.dataset.turn ?? "";
  const ticked = new Set([...place.querySelectorAll("input[name=post]:checked")].map((box) => box.value.split(":")[0]));
  place.replaceChildren(...document.importNode(page, true).childNodes);
  place.dataset.view = page.dataset.view;
  for (const box of place.querySelectorAll("input[name=post]")) if (ticked.has(box.value.split(":")[0])) box.checked = true;
  const again = held ? `[data-post="${CSS.escape(held)}"]` : turned ? `[data-turn="${CSS.escape(turned)}"]` : "";
  if (again) place.querySelector(again)?.focus({ preventScroll: true });
  count();
  window.htmx?.process(place);
  announceContent(place);
}

/** Nothing is taken from under somebody's hands. */
function isBusy() {
  return document.querySelector("dialog[open]") || place.querySelector("details[open]:not(.clashes), .is-dragged") || place.contains(document.activeElement?.closest("form"));
}

const reload = () => show(shown);

function startTurning() {
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-turn]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href, { push: true });
  });
  addEventListener("popstate", () => show(location.href));
}

function startAsking() {
  const ask = () => {
    if (document.visibilityState === "visible" && !isBusy()) show(shown, { quiet: true });
  };
  setInterval(ask, ASK_EVERY);
  document.addEventListener("visibilitychange", ask);
}

/** Arrows turn the pages, t comes back to today; on a post, m asks where to. */
function startKeys() {
  const turns = { ArrowLeft: "before", ArrowRight: "after", t: "today" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const post = document.activeElement?.closest("[data-post]");
    if (event.key === "m" && post && place.contains(post)) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("planner:sheet", { detail: { href: `${post.href}/move` } }));
    } else if (turns[event.key] && (event.key === "t" || event.target === document.body || event.target.dataset.turn)) {
      place.querySelector(`[data-turn="${turns[event.key]}"]`)?.click();
    }
  });
}

if (place) {
  startTurning();
  startKeys();
  startAsking();
  startDragging(place, reload);
  startNudging(place, reload);
  count = startPicking(place);
  place.setAttribute("aria-busy", "false");
}
