// A chart as a file: the picture as it is drawn, on the page's ground and under its name; or its table as CSV, as numbers and not as words.

/** The cells of a chart's table: headings as they stand, days and counts as a program reads them, a gap as nothing. */
export function tableOf(table) {
  const head = [...table.tHead.rows[0].cells].map((cell) => plain(cell.textContent));
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell, index) => cell.dataset.value ?? (index ? "" : plain(cell.textContent))));
  return [head, ...rows];
}

/** RFC 4180, and nothing in it that a spreadsheet would run; a number may be below zero. */
export function csvOf(rows) {
  return `${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;
}

export function saveChart(figure, kind, colour) {
  const canvas = figure.querySelector("canvas");
  const name = canvas.getAttribute("aria-label");
  const file = `${name.toLowerCase().normalize("NFD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "chart"}.${kind}`;
  if (kind === "csv") {
    const table = document.getElementById(canvas.dataset.table).querySelector("table");
    save(new Blob(["\ufeff", csvOf(tableOf(table))], { type: "text/csv" }), file);
  } else {
    pictureOf(canvas, name, colour).toBlob((blob) => save(blob, file));
  }
}

function pictureOf(canvas, name, colour) {
  const scale = canvas.width / canvas.clientWidth;
  const [edge, title] = [16 * scale, 34 * scale];
  const sheet = document.createElement("canvas");
  sheet.width = canvas.width + 2 * edge;
  sheet.height = canvas.height + title + 2 * edge;
  const pen = sheet.getContext("2d");
  pen.fillStyle = colour("--sheet");
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.fillStyle = colour("--ink");
  pen.font = `600 ${15 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(name, edge, edge + 15 * scale, canvas.width);
  pen.drawImage(canvas, edge, edge + title);
  return sheet;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function plain(text) {
  return text.trim().replace(/\s+/g, " ");
}

function quoted(text) {
  const safe = /^[=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
