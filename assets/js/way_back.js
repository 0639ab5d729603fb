// The way back to the calendar keeps the view and the filters that it was looked at with, for as long as the tab lives.
const place = "planner:calendar";

/** Nothing kept, or no permission to keep: the link stays as it is. */
function kept() {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

function keep() {
  try {
    sessionStorage.setItem(place, location.search);
  } catch {
    // Without it the links lead to the calendar as it opens.
  }
}

export function start() {
  const calendar = document.querySelector("[data-calendar]");
  if (calendar) {
    addEventListener("pagehide", keep);
    return;
  }
  const looked = kept();
  if (!looked) return;
  for (const link of document.querySelectorAll(".crumbs a[data-way-back]")) {
    // The day that the link itself names wins: a post that was moved is found where it is now.
    const asked = new URLSearchParams(looked);
    for (const [name, value] of new URL(link.href).searchParams) asked.set(name, value);
    link.search = asked.toString();
  }
}
