// The keyboard: "?" lists the keys, g then a letter goes to a place, n, /, and j k x d Enter on the rows of a list.
import { isTyping } from "./page.js";

let waitingForPlace = 0;

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const focused = document.activeElement?.closest("[data-row]");
  const at = all.findIndex((row) => (focused ? row === focused : row.classList.contains("is-current")));
  const next = all[Math.min(Math.max(at < 0 ? 0 : at + by, 0), all.length - 1)];
  for (const row of all) row.classList.toggle("is-current", row === next);
  next.scrollIntoView({ block: "nearest" });
  const target = next.matches("a, [tabindex]") ? next : (next.querySelector("a") ?? next.querySelector("button, input"));
  target?.focus({ preventScroll: true });
}

function tick() {
  document.querySelector("[data-row].is-current input[type=checkbox]")?.click();
}

function go(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (dialog && !dialog.open) dialog.showModal();
}

// What waits for a decision: of the row one is on, else the page's own.
function decide() {
  const link = (document.querySelector("[data-row].is-current") ?? document).querySelector("[data-decide]");
  if (link) link.click();
  else document.querySelector("[data-decide-here] input:checked, [data-decide-here] input")?.focus();
}

const actions = {
  "?": showKeys,
  "/": () => document.getElementById("search")?.focus(),
  n: () => document.querySelector("[data-new]")?.click(),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  d: decide,
};

export function start() {
  for (const button of document.querySelectorAll("[data-keys-open]")) {
    button.hidden = false;
    button.addEventListener("click", showKeys);
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() - waitingForPlace < 1500) {
      waitingForPlace = 0;
      go(event.key);
      return;
    }
    if (event.key === "g") {
      waitingForPlace = Date.now();
      return;
    }
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
