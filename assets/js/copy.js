// “Copy” beside a text that has to be pasted elsewhere. Without this, or without the right to, the text is there to be selected.

export function start() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    source.focus();
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      return; // Not over plain http: the text is selected, and the keyboard copies it.
    }
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2000);
  });
}
