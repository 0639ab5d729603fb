// Ticking posts: Shift and a click tick one instead of opening it, x ticks the one in focus, Escape unticks them all; says how many are ticked.

export function startPicking(place) {
  const boxes = () => [...place.querySelectorAll(".cal-tick")];
  const count = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    document.body.toggleAttribute("data-picking", ticked > 0);
    const said = place.querySelector("[data-count-of]");
    if (said) said.textContent = ticked === 1 ? said.dataset.one : said.dataset.many.replace("{count}", ticked);
  };
  const toggle = (box) => {
    box.checked = !box.checked;
    count();
  };

  place.addEventListener("change", count);
  place.addEventListener("reset", () => setTimeout(count));
  place.addEventListener("click", (event) => {
    const box = event.shiftKey && event.target.closest("[data-post]")?.closest("li").querySelector(".cal-tick");
    if (!box) return;
    event.preventDefault();
    toggle(box);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "x" && event.target.matches?.("[data-post]") && !event.target.closest(".is-current")) {
      event.preventDefault();
      toggle(event.target.closest("li").querySelector(".cal-tick"));
    } else if (event.key === "Escape" && boxes().some((box) => box.checked)) {
      for (const box of boxes()) box.checked = false;
      count();
    }
  });
  // A browser that comes back to the page ticks again what was ticked, and says nothing of it.
  addEventListener("pageshow", count);
  return count;
}
