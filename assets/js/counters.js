// Live counters. data-count says whose rule: "x" weights as X does, "linkedin" counts UTF-16 units, "chars" characters, "bytes" UTF-8.
// The server counts again with the platform's own tables; this is the quick answer while typing.
import { onContent, word } from "./page.js";

const light = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const address = /(?:https?:\/\/[^\s]+|(?<![@\w.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|org|net|io|eu|fr|de|uk|co|tv|info|app|dev)\b(?:\/[^\s]*)?)/giu;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function xWeight(text) {
  let total = 0;
  const rest = text.normalize("NFC").replace(address, () => {
    total += 23;
    return "";
  });
  for (const { segment } of graphemes.segment(rest)) {
    if (/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(segment) && segment.codePointAt(0) > 0xff) total += 2;
    else for (const char of segment) total += light.some(([from, to]) => char.codePointAt(0) >= from && char.codePointAt(0) <= to) ? 1 : 2;
  }
  return total;
}

const rules = {
  x: xWeight,
  linkedin: (text) => text.length,
  chars: (text) => [...text].length,
  bytes: (text) => new TextEncoder().encode(text).length,
};

const usual = { x: 280, linkedin: 3000 };

function show(control) {
  const place = document.querySelector(`[data-counter-of="${CSS.escape(control.id)}"]`);
  const count = rules[control.dataset.count];
  if (!place || !count) return;
  const limit = Number(control.dataset.limit) || usual[control.dataset.count] || 0;
  const used = count(control.value);
  const left = limit - used;
  place.classList.toggle("counter--near", limit > 0 && left >= 0 && left <= limit * 0.1);
  place.classList.toggle("counter--over", limit > 0 && left < 0);
  place.textContent = limit ? `${used} / ${limit}${left < 0 ? ` · ${word("over")} ${-left}` : ""}` : String(used);
}

export function start() {
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.count) show(event.target);
  });
  onContent((piece) => {
    for (const control of piece.querySelectorAll("[data-count]")) show(control);
  });
}
