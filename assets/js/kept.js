// Autosave on the server: <form data-kept="address"> is sent there a moment after each pause, and when the page is left.
// [data-saved] inside says when it was kept; while something is not kept, leaving the page asks.
// What was kept before and is offered in [data-offered] stays until it is brought back or discarded: nothing is kept over it.
import { csrfToken, onContent, word } from "./page.js";

const pause = 1200;
const unkept = new Set();
const offered = () => document.querySelector("[data-offered]");

function watch(form) {
  const place = form.querySelector("[data-saved]");
  let timer = 0;
  let sending = null;
  const say = (text) => {
    if (place) place.textContent = text;
  };
  const keep = async () => {
    clearTimeout(timer);
    if (offered()) return say(word("keptWaits"));
    const before = sending;
    sending = (async () => {
      await before;
      unkept.delete(form);
      try {
        const answer = await fetch(form.dataset.kept, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": csrfToken() } });
        if (!answer.ok) throw new Error(String(answer.status));
        say((await answer.json()).said);
      } catch {
        unkept.add(form);
        say(word("notKept"));
      }
    })();
    await sending;
  };
  form.addEventListener("input", () => {
    unkept.add(form);
    clearTimeout(timer);
    timer = setTimeout(keep, pause);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    unkept.delete(form);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !unkept.has(form) || !form.isConnected || offered()) return;
    clearTimeout(timer);
    if (navigator.sendBeacon(form.dataset.kept, new FormData(form))) unkept.delete(form);
  });
}

/** Discards what was offered without leaving what is being typed; without an answer the browser sends the form as it would. */
async function discard(event) {
  const notice = event.target.closest("[data-offered]");
  if (!notice) return;
  event.preventDefault();
  try {
    const answer = await fetch(event.target.action, { method: "POST", body: new FormData(event.target) });
    if (!answer.ok) throw new Error(String(answer.status));
    notice.remove();
    for (const form of unkept) form.dispatchEvent(new Event("input"));
  } catch {
    event.target.submit();
  }
}

export function start() {
  document.addEventListener("submit", discard);
  onContent((piece) => {
    for (const form of piece.querySelectorAll("form[data-kept]")) watch(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...unkept].some((form) => form.isConnected)) event.preventDefault();
  });
}
