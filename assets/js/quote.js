// Select words of a post and comment on them: a button appears under the selection and carries them into the comment's form.
import { drawIcon, element } from "./page.js";

export function start() {
  const place = document.querySelector("[data-quotable]");
  const box = document.getElementById("comments-new");
  const quote = document.getElementById("comment-quote");
  if (!place || !box || !quote) return;
  const button = element("button", "button button--small quote-here");
  button.type = "button";
  button.append(drawIcon("message-circle"), element("span", "", place.dataset.quotable));
  button.hidden = true;
  place.after(button);

  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    const said = selection && !selection.isCollapsed && place.contains(selection.anchorNode) && place.contains(selection.focusNode);
    button.hidden = !said && document.activeElement !== button;
    if (said) button.dataset.quote = selection.toString().replace(/\s+/g, " ").trim().slice(0, 600);
  });
  button.addEventListener("click", () => {
    quote.value = button.dataset.quote ?? "";
    button.hidden = true;
    box.open = true;
    document.getElementById("comment-text").focus();
  });
}
