// A zone to drop files on. The file control inside it stays the real thing, so it works without script too.
import { onContent } from "./page.js";

function prepare(zone) {
  const input = zone.querySelector("input[type=file]");
  if (!input) return;
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle("drop--over", on);
  };
  zone.addEventListener("dragenter", over(true));
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

export function start() {
  onContent((piece) => {
    for (const zone of piece.querySelectorAll("[data-drop]")) prepare(zone);
  });
}
