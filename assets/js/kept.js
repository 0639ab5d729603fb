// Autosave on the server: <form data-kept="address"> is sent there a moment after each pause, and when the page is left.
// [data-saved] inside says when it was kept; while something is not kept, leaving the page asks.
import { csrfToken, onContent, word } from "./page.js";

const pause = 1200;
const unkept = new Set();

function watch(form) {
  const place = form.querySelector("[data-saved]");
  let timer = 0;
  let sending = null;
  const say = (text) => {
    if (place) place.textContent = text;
  };
  const keep = async () => {
    clearTimeout(timer);
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
    if (document.visibilityState !== "hidden" || !unkept.has(form) || !form.isConnected) return;
    clearTimeout(timer);
    if (navigator.sendBeacon(form.dataset.kept, new FormData(form))) unkept.delete(form);
  });
}

export function start() {
  onContent((piece) => {
    for (const form of piece.querySelectorAll("form[data-kept]")) watch(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...unkept].some((form) => form.isConnected)) event.preventDefault();
  });
}
