// Autosave on this device and the guard of unsaved changes. <form data-draft="post-12" data-version="3"> keeps what is
// typed until the server has it; coming back, the person is asked before anything is put into the fields.
import { element, onContent, word } from "./page.js";

const prefix = "planner-draft:";
const sent = "planner-draft-sent";
const aMonth = 30 * 24 * 3600 * 1000;
const dirty = new Set();

function skip(control) {
  return !control.name || control.type === "password" || control.type === "file" || control.type === "hidden" || control.name === "csrf_token";
}

function read(form) {
  const values = {};
  for (const control of form.elements) {
    if (skip(control)) continue;
    if (control.type === "checkbox" || control.type === "radio") {
      if (control.checked) (values[control.name] ??= []).push(control.value);
      else values[control.name] ??= [];
    } else if (control.selectedOptions) {
      values[control.name] = [...control.selectedOptions].map((option) => option.value);
    } else if ("value" in control && control.type !== "submit" && control.type !== "button") {
      values[control.name] = [control.value];
    }
  }
  return values;
}

function write(form, values) {
  for (const control of form.elements) {
    const kept = values[control.name];
    if (skip(control) || !kept) continue;
    if (control.type === "checkbox" || control.type === "radio") control.checked = kept.includes(control.value);
    else if (control.options) for (const option of control.options) option.selected = kept.includes(option.value);
    else if (control.type !== "submit" && control.type !== "button") control.value = kept[0] ?? "";
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function load(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(prefix + key) ?? "null");
    return kept && Date.now() - kept.at < aMonth ? kept : null;
  } catch {
    return null;
  }
}

function keep(form) {
  try {
    localStorage.setItem(prefix + form.dataset.draft, JSON.stringify({ at: Date.now(), version: form.dataset.version ?? "", values: read(form) }));
    say(form, word("kept"));
  } catch {
    // Storage full or forbidden: the guard of unsaved changes still stands.
  }
}

function forget(form) {
  try {
    localStorage.removeItem(prefix + form.dataset.draft);
  } catch {
    // Nothing was kept.
  }
}

function say(form, text) {
  const place = form.querySelector("[data-saved]");
  if (place) place.textContent = text;
}

function offer(form, kept) {
  const notice = element("div", "notice tone-blue");
  const yes = element("button", "button button--small button--primary", word("restoreYes"));
  const no = element("button", "button button--small", word("restoreNo"));
  notice.setAttribute("role", "status");
  yes.type = no.type = "button";
  yes.addEventListener("click", () => {
    write(form, kept.values);
    notice.remove();
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
  no.addEventListener("click", () => {
    forget(form);
    notice.remove();
  });
  notice.append(element("p", "", word("restore")), yes, no);
  (form.querySelector(".form__main") ?? form).prepend(notice);
}

function watchDraft(form) {
  const before = JSON.stringify(read(form));
  const kept = load(form.dataset.draft);
  // After a refusal (422) the fields already hold what was typed, so there is nothing to offer.
  if (kept && kept.version === (form.dataset.version ?? "") && JSON.stringify(kept.values) !== before && !form.querySelector("[aria-invalid=true]")) offer(form, kept);
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), 600);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    keep(form);
    remember(sent, JSON.stringify({ draft: form.dataset.draft, from: location.href }));
  });
}

/** The last form sent is done once it led, from its own page, to another one that is no failure. */
function forgetDone() {
  let last = null;
  try {
    last = JSON.parse(sessionStorage.getItem(sent) ?? "null");
    sessionStorage.removeItem(sent);
  } catch {
    return;
  }
  if (!last || document.referrer !== last.from || document.querySelector("[data-failed]")) return;
  if (!document.querySelector(`form[data-draft="${CSS.escape(last.draft)}"]`)) forget({ dataset: last });
}

function remember(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Then the draft is offered once more than needed.
  }
}

function watchChanges(form) {
  form.addEventListener("input", () => dirty.add(form));
  form.addEventListener("submit", () => dirty.delete(form));
}

export function start() {
  forgetDone();
  onContent((piece) => {
    for (const form of piece.querySelectorAll("form[data-draft]")) watchDraft(form);
    for (const form of piece.querySelectorAll("form[data-draft], form[data-guard]")) watchChanges(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
  });
}
