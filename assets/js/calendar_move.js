// Moving a post by dragging it to another day: asks the server, which may refuse; says what happened; offers to take it back.
import { csrfToken, word } from "./page.js";

export function say(text, kind, undo) {
  document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text, kind, undo } }));
}

async function send(url, version, start) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", "If-Match": `"${version}"`, "X-CSRFToken": csrfToken() },
    body: JSON.stringify({ start }),
  });
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, version: said.version, text: said.message ?? said.detail ?? said.error ?? "" };
}

async function move(post, from, to, reload) {
  const url = `${post.href}/move`;
  const time = post.querySelector("time, .cal-event__time")?.textContent ?? post.closest("li").querySelector(".lines__when").firstChild.textContent.trim();
  const done = await send(url, post.dataset.version, `${to}T${time}`).catch(() => null);
  if (!done?.ok) {
    say(done?.text || word("lost"), "error");
    return;
  }
  say(done.text || word("moved"), "success", async () => {
    const back = await send(url, done.version, `${from}T${time}`).catch(() => null);
    say(back?.text || (back?.ok ? word("moved") : word("lost")), back?.ok ? "info" : "error");
    reload();
  });
  reload();
}

export function startDragging(place, reload) {
  let held = null;
  const dayAt = (event) => event.target.closest?.("[data-day]");
  const fits = (day) => held && day && day !== held.closest("[data-day]") && (day.dataset.channel ?? "") === (held.closest("[data-day]").dataset.channel ?? "");
  const clear = () => {
    for (const one of place.querySelectorAll(".is-target, .is-dragged, .is-shut")) one.classList.remove("is-target", "is-dragged", "is-shut");
  };

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
    move(held, held.closest("[data-day]").dataset.day, day.dataset.day, reload);
  });
  place.addEventListener("dragend", () => {
    held = null;
    clear();
  });
}
