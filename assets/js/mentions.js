// Mentions: “@” and some letters in a text, or a name in the field for it, open a list of the register; keys choose, and the mark goes into the text.
import { element, onContent, word } from "./page.js";

const marked = /@\[([^\[\]\r\n]{1,200})\]\(person:(\d{1,18})\)/g;
/** What is being typed before the caret. */
const typing = /(?:^|[\s(«“"'’])@([\p{L}\p{N}][\p{L}\p{N}.'’ -]{0,40})$/u;
/** number -> {x, linkedin, name}: what each platform gets. */
const known = new Map();
const wait = 150;

/** The text as a platform gets it; rule is one of the counters'. Of somebody nobody knows the name stays. */
export function spoken(text, rule) {
  if (!text.includes("](person:")) return text;
  return text.replace(marked, (_whole, name, number) => {
    const told = known.get(String(Number(number)));
    return told ? (told[rule] ?? told.name) : name;
  });
}

function learn(piece) {
  const all = piece.matches?.("[data-wires]") ? [piece] : [];
  for (const place of [...all, ...piece.querySelectorAll("[data-wires]")]) {
    for (const [number, told] of Object.entries(JSON.parse(place.dataset.wires))) known.set(number, told);
  }
}

function put(area, from, to, mark) {
  const space = /^\s/.test(area.value.slice(to)) ? "" : " ";
  area.setRangeText(`${mark}${space}`, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

class List {
  constructor(address) {
    this.address = address;
    this.box = element("ul", "mention-list");
    Object.assign(this.box, { id: "mention-list", role: "listbox", hidden: true });
    this.box.setAttribute("aria-label", word("people"));
    this.said = element("p", "sr-only");
    this.said.setAttribute("aria-live", "polite");
    this.at = -1;
    this.items = [];
  }

  get isOpen() {
    return !this.box.hidden;
  }

  ask(control, sought, choose) {
    clearTimeout(this.timer);
    this.choose = choose;
    this.control = control;
    if (!sought) return this.close();
    this.timer = setTimeout(async () => {
      this.asked?.abort();
      this.asked = new AbortController();
      const address = `${this.address}?q=${encodeURIComponent(sought)}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: this.asked.signal }).catch(() => null);
      if (!answer?.ok || document.activeElement !== control) return;
      this.show((await answer.json()).items);
    }, wait);
  }

  show(items) {
    this.items = items;
    if (!items.length) {
      this.close();
      this.said.textContent = word("nobody");
      return;
    }
    this.control.closest(".field, .own__one, .mention__ask")?.append(this.box, this.said);
    this.box.replaceChildren(...items.map((one, at) => this.option(one, at)));
    this.box.hidden = false;
    this.control.setAttribute("aria-controls", this.box.id);
    if (this.control.role === "combobox") this.control.setAttribute("aria-expanded", "true");
    this.said.textContent = word("found").replace("0", items.length);
    this.mark(0);
  }

  option(one, at) {
    const line = element("li", "mention-list__one");
    line.role = "option";
    line.id = `mention-${at}`;
    line.append(element("strong", "", one.name), element("span", "muted small", one.about));
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.take(at);
    });
    return line;
  }

  mark(at) {
    this.at = (at + this.items.length) % this.items.length;
    for (const [number, line] of [...this.box.children].entries()) line.setAttribute("aria-selected", String(number === this.at));
    this.box.children[this.at].scrollIntoView({ block: "nearest" });
    this.control.setAttribute("aria-activedescendant", `mention-${this.at}`);
  }

  take(at) {
    const one = this.items[at];
    known.set(String(one.number), one.wires);
    const choose = this.choose;
    this.close();
    choose(one.token);
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.box.hidden = true;
    this.control?.removeAttribute("aria-activedescendant");
    this.control?.removeAttribute("aria-controls");
    if (this.control?.role === "combobox") this.control.setAttribute("aria-expanded", "false");
  }

  key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.mark(this.at + steps[event.key]);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function watch(form, block) {
  const list = new List(block.dataset.mentions);
  let last = null;
  const field = block.querySelector("[data-mention-name]");
  Object.assign(field, { role: "combobox", ariaExpanded: "false", ariaAutoComplete: "list" });
  form.addEventListener("focusin", ({ target }) => {
    if (target.matches("textarea")) last = target;
  });
  form.addEventListener("input", ({ target }) => {
    if (target === field) return list.ask(field, field.value.trim(), (mark) => {
      const area = last?.isConnected ? last : form.querySelector("#text");
      field.value = "";
      put(area, area.selectionEnd, area.selectionEnd, (/\S$/.test(area.value.slice(0, area.selectionEnd)) ? " " : "") + mark);
    });
    if (!target.matches?.("textarea")) return;
    const caret = target.selectionEnd;
    const found = typing.exec(target.value.slice(0, caret));
    list.ask(target, found?.[1].trim() ?? "", (mark) => put(target, caret - found[1].length - 1, target.selectionEnd, mark));
  });
  form.addEventListener("keydown", (event) => {
    if (list.isOpen && event.target === list.control) list.key(event);
    else if (event.target === field && event.key === "Enter") event.preventDefault();
  }, true);
  form.addEventListener("focusout", ({ target }) => {
    if (target === list.control) list.close();
  });
}

export function start() {
  onContent((piece) => {
    learn(piece);
    for (const block of piece.querySelectorAll("[data-mentions]")) {
      const form = block.closest("form");
      if (form) watch(form, block);
    }
  });
}
