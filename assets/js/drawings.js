// Drawings that the server made (SVG, a table of colours): their buttons that save them appear, and save.
import { saveChart } from "./chart_files.js";
import { onContent } from "./page.js";

// What arrives may stand beside the piece that is named: the answer to a form does.
onContent(() => {
  for (const drawing of document.querySelectorAll(".chart [data-table]")) {
    const files = drawing.closest(".chart").querySelector(".chart__files");
    if (files) files.hidden = false;
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chart-file]");
  if (button) saveChart(button.closest(".chart"), button.dataset.chartFile);
});
