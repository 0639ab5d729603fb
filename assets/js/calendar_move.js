// Moving a post by dragging: asks the server, which may refuse; says what happened; offers to take it back.
import { word } from "./page.js";

function say(text, kind, undo) {
  document.dispatchEvent(new CustomEvent("planner:toast", { detail: { text, kind, undo } }));
}

async function post(url, csrf, version, body) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", "If-Match": `"${version}"`, "X-CSRFToken": csrf },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, version: said.version, text: said.message ?? said.detail ?? said.error ?? "" };
}

/** For `eventDrop`: `settings` has urlTemplate and csrf, `reload` fetches the events again. */
export function mover(settings, reload) {
  return async function moved({ event, oldEvent, revert }) {
    const { move_url: moveUrl, version } = event.extendedProps;
    const url = moveUrl ?? settings.urlTemplate.replace("{id}", event.id);
    const was = oldEvent.startStr;
    const done = await post(url, settings.csrf, version, { start: event.startStr }).catch(() => null);
    if (!done?.ok) {
      revert();
      say(done?.text || word("lost"), "error");
      return;
    }
    event.setExtendedProp("version", done.version ?? version + 1);
    say(done.text || word("moved"), "success", async () => {
      const back = await post(url, settings.csrf, done.version ?? version + 1, { start: was }).catch(() => null);
      say(back?.text || (back?.ok ? word("moved") : word("lost")), back?.ok ? "info" : "error");
      reload();
    });
    reload();
  };
}
