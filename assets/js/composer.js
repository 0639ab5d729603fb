// The composer: texts of a channel's own beside the one for all, the asset's link and files, and the keys that save.
import { onContent } from "./page.js";

/** Shows the own words of chosen channels only, and says which differ from those for all. */
function watchOwn(form) {
  const boxes = [...form.querySelectorAll("details[data-own]")];
  if (!form.querySelector("#text") || !boxes.length) return;
  const base = (control) => form.querySelector(`#${control.dataset.ownOf}`)?.value ?? "";
  const fields = (box) => [...box.querySelectorAll("[data-own-of]")];
  const show = () => {
    for (const box of boxes) {
      box.hidden = !form.querySelector(`[name="channels"][value="${box.dataset.own}"]`)?.checked;
      say(box, fields(box).some((one) => one.value.trim() !== "" && one.value.trim() !== base(one).trim()));
    }
  };
  for (const box of boxes) {
    for (const one of fields(box)) {
      one.addEventListener("focus", () => {
        if (one.value === "") set(one, base(one));
      });
      one.addEventListener("blur", () => {
        if (one.value.trim() === base(one).trim()) set(one, "");
      });
    }
    box.querySelector("[data-own-reset]").addEventListener("click", () => {
      for (const one of fields(box)) set(one, "");
      box.open = false;
      box.querySelector("summary").focus();
    });
  }
  form.addEventListener("input", show);
  show();
}

/** One of several drafts that were written at once: says whether its words differ from those for all, and brings them back. */
function watchBase(form) {
  const box = form.querySelector("[data-base]");
  if (!box) return;
  const words = JSON.parse(box.querySelector("[data-base-words]").content.textContent);
  const fields = Object.keys(words).map((name) => [form.querySelector(`#${name}`), words[name]]).filter(([control]) => control);
  const show = () => say(box, fields.some(([control, text]) => control.value.trim() !== text.trim()));
  box.querySelector("[data-own-reset]").addEventListener("click", () => {
    for (const [control, text] of fields) set(control, text);
    form.querySelector("#text").focus();
  });
  form.addEventListener("input", show);
  show();
}

function say(box, changed) {
  box.querySelector("[data-own-changed]").hidden = !changed;
  box.querySelector("[data-own-same]").hidden = changed;
  box.querySelector("[data-own-reset]").hidden = !changed;
}

function set(control, value) {
  if (control.value === value) return;
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Another asset brings its own link, unless somebody typed one. */
function followAsset(form) {
  let offered = form.querySelector("[data-asset-link]")?.dataset.assetLink ?? "";
  document.addEventListener("planner:content", () => {
    const place = form.querySelector("[data-asset-link]");
    const link = form.querySelector("#link");
    if (!place || !link || place.dataset.assetLink === offered) return;
    if (link.value === "" || link.value === offered) set(link, place.dataset.assetLink);
    offered = place.dataset.assetLink;
  });
}

/** A good hour fills in when it goes out, on the clock it was worked out by. */
function offerHours(piece) {
  for (const button of piece.querySelectorAll("[data-wall-time]")) {
    const form = button.closest("form");
    const zone = form?.querySelector("#time_zone");
    if (!zone || ![...zone.options].some((option) => option.value === button.dataset.zone)) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      set(zone, button.dataset.zone);
      set(form.querySelector("#wall_time"), button.dataset.wallTime);
      form.querySelector("#wall_time").focus();
    });
  }
}

/** A set of hashtags goes to the end of the text that was written last; those that are there already do not. */
function offerHashtags() {
  let last = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("#compose textarea:not(#first_comment)")) last = event.target;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-insert]");
    if (!button) return;
    const area = last?.isConnected ? last : document.getElementById("text");
    const there = new Set(area.value.toLowerCase().split(/[^\p{L}\p{N}_#]+/u));
    const missing = button.dataset.insert.split(" ").filter((tag) => !there.has(tag.toLowerCase()));
    if (missing.length) set(area, `${area.value.trimEnd()}${area.value.trim() ? " " : ""}${missing.join(" ")}`);
    area.focus();
  });
}

/** Ctrl or ⌘ and Enter saves; with Shift it is submitted as well. */
function watchKeys(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = (event.shiftKey && form.querySelector("[name=then]")) || form.querySelector(".form__foot .button--primary");
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
}

export function start() {
  onContent(offerHours);
  offerHashtags();
  onContent((piece) => {
    for (const form of piece.querySelectorAll("form#compose")) {
      watchOwn(form);
      watchBase(form);
      followAsset(form);
      watchKeys(form);
    }
  });
}
