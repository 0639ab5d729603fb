// <details data-closes>: closes on Escape, on a click elsewhere, and when another one opens.
function openOnes() {
  return document.querySelectorAll("details[data-closes][open]");
}

/** Keeps a sheet inside the window: to the other side when it would stick out. */
function keepInside(details) {
  const sheet = details.querySelector(".explain__sheet");
  if (!sheet) return;
  details.classList.remove("explain--end");
  if (sheet.getBoundingClientRect().right > document.documentElement.clientWidth - 8) details.classList.add("explain--end");
}

export function start() {
  document.addEventListener("click", (event) => {
    for (const details of openOnes()) if (!details.contains(event.target)) details.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const details of openOnes()) {
      details.open = false;
      details.querySelector("summary").focus();
    }
  });
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.open || !opened.matches?.("details[data-closes]")) return;
    for (const details of openOnes()) if (details !== opened && !details.contains(opened)) details.open = false;
    keepInside(opened);
  }, true);
}
