// Light, dark or the machine's choice; remembered here, and in a cookie so that the server renders the next page right.
const names = ["auto", "light", "dark"];

function current() {
  return document.documentElement.dataset.theme ?? "auto";
}

function show(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-theme-pick]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themePick === theme));
  }
  document.dispatchEvent(new CustomEvent("planner:theme"));
}

function remember(theme) {
  try {
    localStorage.setItem("planner-theme", theme);
  } catch {
    // A browser that keeps nothing still has the cookie.
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/** Tells the server too, so that the choice follows the person to another machine. */
function tell(button) {
  const form = button.closest("form[data-preferences]");
  if (form) fetch(form.action, { method: "POST", body: new FormData(form, button), credentials: "same-origin" }).catch(() => {});
}

/** At the door nobody is known yet: the language is only a cookie, and the page is asked for again. */
function startLanguages() {
  for (const row of document.querySelectorAll("[data-language-row]")) row.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-language-pick]");
    if (!button) return;
    document.cookie = `language=${button.dataset.languagePick}; Path=/; Max-Age=31536000; SameSite=Lax`;
    location.reload();
  });
}

export function start() {
  startLanguages();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-pick]");
    if (!button || !names.includes(button.dataset.themePick)) return;
    event.preventDefault();
    show(button.dataset.themePick);
    remember(button.dataset.themePick);
    tell(button);
  });
  window.addEventListener("storage", (event) => {
    if (event.key === "planner-theme" && names.includes(event.newValue)) show(event.newValue);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (current() === "auto") document.dispatchEvent(new CustomEvent("planner:theme"));
  });
}
