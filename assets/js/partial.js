// htmx: pieces of pages that come from the server. Adds the CSRF token, and says so when the server does not answer.
import htmx from "htmx.org";
import { announceContent, csrfToken, word } from "./page.js";

const asking = "[hx-get], [hx-post]";

/** Given a page, htmx looks at every attribute for its hx-on and at every link for its hx-boost, which no page here has; beside a thousand posts that takes longer than all else. It is given only what asks. */
function onlyWhatAsks(event) {
  if (event.target.matches(asking)) return;
  event.preventDefault();
  for (const one of event.target.querySelectorAll(asking)) if (!one.parentElement.closest(asking)) htmx.process(one);
}

let lost = false;

/** Once, until an answer comes again: some pieces ask every second. */
function sayLost() {
  if (!lost) document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text: word("lost"), kind: "error" } }));
  lost = true;
}

/** A refusal or the sign-in page is a whole page, which no piece has room for; 422 is a piece with what is wrong in it. */
function onlyPieces(event) {
  const { raw, status } = event.detail.ctx.response;
  if (!raw.redirected && (status < 400 || status === 422)) {
    lost = false;
    return;
  }
  event.preventDefault();
  sayLost();
}

export function start() {
  window.htmx = htmx;
  document.addEventListener("htmx:before:process", onlyWhatAsks);
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (request.method !== "GET") request.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:after:swap", (event) => announceContent(event.target.isConnected ? event.target : document.body));
  document.addEventListener("htmx:before:response", onlyPieces);
  document.addEventListener("htmx:error", sayLost);
}
