// htmx: pieces of pages that come from the server. Adds the CSRF token, and says so when the server does not answer.
import htmx from "htmx.org";
import { announceContent, csrfToken, word } from "./page.js";

export function start() {
  window.htmx = htmx;
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (request.method !== "GET") request.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:after:swap", (event) => announceContent(event.target.isConnected ? event.target : document.body));
  document.addEventListener("htmx:error", () => {
    document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text: word("lost"), kind: "error" } }));
  });
}
