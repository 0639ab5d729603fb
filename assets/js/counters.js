// Live counters. data-count says whose rule: "x" weights as X does, "linkedin" counts UTF-16 units, "chars" characters, "bytes" UTF-8.
// What is counted is what leaves: an empty text of a channel's own is the one above, and on X a link stands at the end.
import { spoken } from "./mentions.js";
import { onContent, readerLocale, word } from "./page.js";

const rules = {
  x: (text) => window.plannerWeigh?.(text), // Twitter's own code, in weigh.js; nothing is shown before it is there.
  linkedin: (text) => text.length,
  chars: (text) => [...text].length,
  bytes: (text) => new TextEncoder().encode(text).length,
};

function leaving(control) {
  const { countElse, countLink, count } = control.dataset;
  const text = spoken((control.value.trim() || document.getElementById(countElse)?.value || "").trim(), count);
  const typed = (count === "x" && document.getElementById(countLink)?.value.trim()) || "";
  // As the server would send it, marks and all, once it has said so: an address that X does not take for one counts in full.
  const told = document.querySelector(control.dataset.own ? `#preflight-${control.dataset.own} [data-leaves]` : "[data-leaves]");
  const link = typed && told?.dataset.typed === typed ? told.dataset.leaves : typed;
  return link && !text.includes(link) ? `${text} ${link}`.trim() : text;
}

function show(control) {
  const place = document.querySelector(`[data-counter-of="${CSS.escape(control.id)}"]`);
  const used = rules[control.dataset.count]?.(leaving(control));
  if (!place || used === undefined) return;
  const limit = Number(control.dataset.limit) || 0;
  const left = limit - used;
  place.classList.toggle("counter--near", limit > 0 && left >= 0 && left <= limit * 0.1);
  place.classList.toggle("counter--over", limit > 0 && left < 0);
  const said = (number) => number.toLocaleString(readerLocale());
  place.textContent = limit ? `${said(used)} / ${said(limit)}${left < 0 ? ` · ${word("over")} ${said(-left)}` : ""}` : said(used);
}

function showAll(piece) {
  for (const control of piece.querySelectorAll("[data-count]")) show(control);
}

export function start() {
  document.addEventListener("input", (event) => {
    if (!event.target.id) return;
    for (const control of document.querySelectorAll("[data-count]")) {
      if ([control.id, control.dataset.countElse, control.dataset.countLink].includes(event.target.id)) show(control);
    }
  });
  document.addEventListener("planner:weigh", () => showAll(document));
  onContent(() => showAll(document));
}
