// Dialogs: native ones by id, the sheet that borrows another page's form, and "type the name" confirmations.
import { announceContent, word } from "./page.js";

/** Browsers without command/commandfor get the same by hand. */
function openByHand(event) {
  const button = event.target.closest('button[command="show-modal"]');
  if (!button || "commandForElement" in HTMLButtonElement.prototype) return;
  document.getElementById(button.getAttribute("commandfor"))?.showModal();
}

/** A link with data-sheet shows the [data-sheet-content] of its page in a dialog; without script it is a plain link. */
export async function openSheet(href) {
  const page = await fetchPage(href);
  const sheet = document.getElementById("sheet");
  if (!page || !page.querySelector?.("[data-sheet-content]")) location.assign(href);
  else {
    document.getElementById("sheet-body").dataset.href = href;
    sheet.showModal();
    fillSheet(page);
  }
}

async function fetchPage(href, options = {}) {
  const answer = await fetch(href, { credentials: "same-origin", headers: { Accept: "text/html" }, ...options });
  if (answer.type === "opaqueredirect") return "moved";
  // 422: refused. 409: somebody else was faster. Both come as the page again, with what was typed and why.
  if (!answer.ok && answer.status !== 422 && answer.status !== 409) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function fillSheet(page) {
  const content = page.querySelector("[data-sheet-content]");
  if (!content) return false;
  const body = document.getElementById("sheet-body");
  document.getElementById("sheet-title").textContent = page.querySelector("h1")?.textContent.trim() ?? "";
  body.replaceChildren(...saidOn(page), withOwnIds(document.importNode(content, true)));
  announceContent(body);
  (body.querySelector("[data-focus], [aria-invalid=true]") ?? body.querySelector("input:not([type=hidden]), select, textarea"))?.focus();
  return true;
}

/** What the borrowed page says as a toast stands in the sheet: behind it nobody would read it. */
function saidOn(page) {
  return [...page.querySelectorAll("#toasts [data-toast]")].map((said) => {
    const toast = document.importNode(said, true);
    toast.setAttribute("role", "alert");
    return toast;
  });
}

/** The page behind may use the same ids: those of the sheet get a prefix, and what points at them follows. */
function withOwnIds(content) {
  const own = new Map([...content.querySelectorAll("[id]")].map((part) => [part.id, `sheet-${part.id}`]));
  for (const part of content.querySelectorAll("*")) {
    if (part.id) part.id = own.get(part.id);
    for (const name of ["for", "aria-describedby", "aria-labelledby", "aria-controls", "commandfor", "data-counter-of", "data-table"]) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, value.split(" ").map((id) => own.get(id) ?? id).join(" "));
    }
    const target = part.getAttribute("href")?.match(/^#(.+)$/)?.[1];
    if (own.has(target)) part.setAttribute("href", `#${own.get(target)}`);
  }
  return content;
}

/** A form in the sheet: refused, it comes back with its errors; done, the page behind is shown anew, or as what was typed there where the form says where to go back to. */
async function sendFromSheet(event) {
  const form = event.target;
  // Attributes, not properties: a field called "action" or "method" would hide them.
  const body = form.closest("#sheet-body");
  if (!body || form.getAttribute("method")?.toLowerCase() !== "post" || event.submitter?.getAttribute("formmethod") === "dialog") return;
  event.preventDefault();
  const page = await fetchPage(form.getAttribute("action") || body.dataset.href, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual" }).catch(() => null);
  const back = form.querySelector("[name=back][data-restore]")?.value;
  if (page === "moved" && back) location.assign(back);
  else if (page === "moved") location.reload();
  else if (!page || !fillSheet(page)) document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text: word("lost"), kind: "error" } }));
}

/** “Leave it” in the sheet closes it: what is behind stays as it was looked at. */
function leaveSheet(event) {
  const link = event.target.closest("#sheet-body a[data-leave]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return false;
  event.preventDefault();
  link.closest("dialog").close();
  return true;
}

/** The button of a typed confirmation works once the name is there; the server checks it again. */
function watchTyped(event) {
  const input = event.target.closest("[data-typed]");
  if (!input) return;
  input.setCustomValidity(input.value.trim() === input.dataset.typed ? "" : input.labels[0].textContent);
}

export function start() {
  document.addEventListener("click", (event) => {
    openByHand(event);
    if (leaveSheet(event)) return;
    const link = event.target.closest("a[data-sheet]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    openSheet(link.href).catch(() => location.assign(link.href));
  });
  document.addEventListener("planner:sheet", (event) => openSheet(event.detail.href).catch(() => location.assign(event.detail.href)));
  document.addEventListener("submit", sendFromSheet);
  document.addEventListener("input", watchTyped);
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && event.offsetX !== undefined && outside(dialog, event)) dialog.close();
    });
  }
  document.querySelector("[data-focus]")?.focus();
}

function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
