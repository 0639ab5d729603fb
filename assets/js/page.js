// Small things every module needs from the page.

/** Sentences in the reader's language, written by the server into <template id="words">. */
export function word(name) {
  return document.getElementById("words")?.dataset[name] ?? "";
}

/** Whose dates and clocks this page uses; English reads day before month, and 24 hours, here. */
export function readerLocale() {
  const language = document.documentElement.lang;
  return language === "en" ? "en-GB" : language;
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/** One drawing of the sprite, as an element. With a label it is an image, without it is decoration. */
export function drawIcon(name, label = "") {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function isTyping(target) {
  if (target.tagName === "INPUT") return !["checkbox", "radio", "button", "submit", "range", "file"].includes(target.type);
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Runs `prepare` on what is in the page now, and on every piece that arrives later. */
export function onContent(prepare) {
  prepare(document);
  document.addEventListener("planner:content", (event) => prepare(event.target));
}

/** Says that a piece of page has arrived. */
export function announceContent(piece) {
  piece.dispatchEvent(new CustomEvent("planner:content", { bubbles: true }));
}
