// After an action in a long list, the list is shown where it was; a page that says why it refused is shown from its top.
const key = "planner:place";
const lives = 15_000;

/** What was kept is told once; without permission to keep, there is nothing. */
function taken() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    sessionStorage.removeItem(key);
    return kept;
  } catch {
    return null;
  }
}

function keep(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (!form.closest("[data-row], .lines > li, .table tr") && !form.querySelector("[data-row]")) return;
  try {
    sessionStorage.setItem(key, JSON.stringify({ path: location.pathname, y: scrollY, at: Date.now() }));
  } catch {
    // Without it the page is shown from its top.
  }
}

export function start() {
  addEventListener("submit", keep);
  const kept = taken();
  if (!kept || kept.path !== location.pathname || location.hash || Date.now() - kept.at > lives) return;
  if (document.querySelector("main :is([role=alert], .field--bad, .held__why)")) return;
  scrollTo(0, kept.y);
}
