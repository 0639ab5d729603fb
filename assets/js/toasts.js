// Toasts: sentences that come and go. The server's own are already in the page; scripts ask for one by an event,
// document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text, kind, undo } })), `undo` being a function.
const looks = { success: ["green", "circle-check-big"], warning: ["amber", "triangle-alert"], error: ["red", "octagon-x"], info: ["blue", "info"] };
const stays = { success: 10000, info: 9000, warning: 15000 };

function live(toast, kind) {
  const close = () => toast.remove();
  for (const button of toast.querySelectorAll("[data-dismiss]")) {
    button.hidden = false;
    button.addEventListener("click", close);
  }
  const time = stays[kind];
  if (!time) return;
  let timer = setTimeout(close, time);
  const wait = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(close, time);
  };
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("pointerleave", resume);
  toast.addEventListener("focusout", resume);
}

function show({ text, kind = "info", undo }) {
  const toast = document.getElementById("toast")?.content.firstElementChild.cloneNode(true);
  if (!toast) return;
  const [tone, icon] = looks[kind] ?? looks.info;
  toast.className = `toast tone-${tone}`;
  toast.querySelector("use").setAttribute("href", `${document.body.dataset.icons}#${icon}`);
  toast.querySelector(".toast__text").textContent = text;
  const button = toast.querySelector("[data-undo]");
  if (undo) {
    button.hidden = false;
    button.addEventListener("click", () => {
      toast.remove();
      undo();
    });
  } else {
    button.remove();
  }
  document.getElementById("toasts").append(toast);
  live(toast, kind);
}

export function start() {
  for (const toast of document.querySelectorAll("[data-toast]")) live(toast, toast.dataset.toast === "message" ? "info" : toast.dataset.toast);
  document.addEventListener("planner:toast", (event) => show(event.detail));
}
