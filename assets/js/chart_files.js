// A chart as a file: the picture as it is drawn, on the page's ground and under its name; or its table as CSV, as numbers and not as words.

/** The cells of a chart's table: headings as they stand, days and counts as a program reads them, a gap as nothing.
    A heading's data-columns ("Paid|Lowest|Highest") names the several numbers that the cells under it hold ("0.4|0.2|0.7"). */
export function tableOf(table) {
  const names = [...table.tHead.rows[0].cells].map((cell) => (cell.dataset.columns ? cell.dataset.columns.split("|") : [plain(cell.textContent)]));
  const rows = [...table.tBodies, table.tFoot].flatMap((part) => [...(part?.rows ?? [])]);
  return [names.flat(), ...rows.map((row) => [...row.cells].flatMap((cell, index) => values(cell, index, names[index].length)))];
}

/** RFC 4180, and nothing in it that a spreadsheet would run; a number may be below zero. */
export function csvOf(rows) {
  return `${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** The drawing is a canvas, an SVG or a table of colours; it names its table, and itself where its label is more than a name. */
export async function saveChart(figure, kind) {
  const drawing = figure.querySelector("[data-table]");
  const name = drawing.dataset.name ?? drawing.getAttribute("aria-label");
  const file = `${name.toLowerCase().normalize("NFD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "chart"}.${kind}`;
  if (kind === "csv") {
    const table = document.getElementById(drawing.dataset.table);
    save(new Blob(["\ufeff", csvOf(tableOf(table.querySelector("table") ?? table))], { type: "text/csv" }), file);
  } else {
    const sheet = await pictureOf(drawing, name, [...figure.querySelectorAll("[data-key]")]);
    sheet.toBlob((blob) => save(blob, file));
  }
}

/** Keys stand under the picture: each the colour of its first element, and its words. */
async function pictureOf(drawing, name, keys) {
  const [picture, scale] = drawing instanceof HTMLCanvasElement ? [drawing, drawing.width / drawing.clientWidth] : await painted(drawing, 2);
  const [edge, title, foot] = [16 * scale, 34 * scale, keys.length ? 30 * scale : 0];
  const sheet = document.createElement("canvas");
  sheet.width = picture.width + 2 * edge;
  sheet.height = picture.height + title + foot + 2 * edge;
  const pen = sheet.getContext("2d");
  pen.fillStyle = colour("--sheet");
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.fillStyle = colour("--ink");
  pen.font = `600 ${15 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(name, edge, edge + 15 * scale, picture.width);
  pen.drawImage(picture, edge, edge + title, picture.width, picture.height);
  pen.font = `${13 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  let place = edge;
  for (const key of keys) {
    pen.fillStyle = getComputedStyle(key.firstElementChild).backgroundColor;
    pen.fillRect(place, sheet.height - edge - 10 * scale, 18 * scale, 10 * scale);
    pen.fillStyle = colour("--ink-2");
    pen.fillText(plain(key.textContent), place + 24 * scale, sheet.height - edge);
    place += 44 * scale + pen.measureText(plain(key.textContent)).width;
  }
  return sheet;
}

/** A drawing that is no canvas, on one; `scale` points of it for each of the page. */
async function painted(drawing, scale) {
  if ("sparks" in drawing.dataset) return [await sheetOf(document.getElementById(drawing.dataset.table), scale), scale];
  const sheet = document.createElement("canvas");
  const { width, height } = drawing.getBoundingClientRect();
  [sheet.width, sheet.height] = [Math.round(width * scale), Math.round(height * scale)];
  const pen = sheet.getContext("2d");
  if (drawing instanceof SVGElement) {
    pen.drawImage(await imageOf(drawing, sheet), 0, 0, sheet.width, sheet.height);
  } else {
    pen.scale(scale, scale);
    paintTable(drawing, pen);
  }
  return [sheet, scale];
}

const tile = { width: 250, height: 128, words: 226, columns: 4 };

/** The little drawings of a table, twice as large: each under the name of its row and above its own words. */
async function sheetOf(table, scale) {
  const sparks = [...table.querySelectorAll("tbody svg.fan")];
  const columns = Math.min(tile.columns, sparks.length);
  const sheet = document.createElement("canvas");
  sheet.width = columns * tile.width * scale;
  sheet.height = Math.ceil(sparks.length / columns) * tile.height * scale;
  const pen = sheet.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  pen.scale(scale, scale);
  for (const [index, spark] of sparks.entries()) {
    const [x, y] = [(index % columns) * tile.width, Math.floor(index / columns) * tile.height];
    const { width, height } = spark.viewBox.baseVal;
    pen.fillStyle = colour("--ink");
    pen.font = `600 13px ${family}`;
    pen.fillText(shortened(pen, plain(spark.closest("tr").querySelector("a").textContent), tile.words), x, y + 14);
    pen.drawImage(await imageOf(spark, { width: 2 * width * scale, height: 2 * height * scale }), x, y + 22, 2 * width, 2 * height);
    pen.fillStyle = colour("--ink-2");
    pen.font = `12px ${family}`;
    pen.fillText(plain(spark.parentElement.textContent), x, y + 22 + 2 * height + 16, tile.words);
  }
  return sheet;
}

function shortened(pen, text, most) {
  const letters = [...text];
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > most) letters.pop();
  return letters.length < [...text].length ? `${letters.join("").trimEnd()}…` : text;
}

const looks = ["fill", "fill-opacity", "font-family", "font-size", "font-weight", "opacity", "stroke", "stroke-dasharray", "stroke-linejoin", "stroke-opacity", "stroke-width"];

/** An SVG by itself: what the style sheet says of each of its parts is written on the part. */
async function imageOf(svg, sheet) {
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", sheet.width);
  copy.setAttribute("height", sheet.height);
  const parts = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((part, index) => {
    const style = getComputedStyle(part);
    for (const name of looks) parts[index].setAttribute(name, style.getPropertyValue(name));
    if (style.r && part.tagName === "circle") parts[index].setAttribute("r", style.r);
  });
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

/** A table whose cells are coloured, as it stands on the page: each cell's ground, and each of its words where it is. */
function paintTable(table, pen) {
  const origin = table.getBoundingClientRect();
  for (const cell of table.querySelectorAll("th, td")) {
    const box = cell.getBoundingClientRect();
    const [x, y] = [box.left - origin.left, box.top - origin.top];
    const style = getComputedStyle(cell);
    pen.fillStyle = style.backgroundColor;
    pen.fillRect(x, y, box.width, box.height);
    pen.strokeStyle = colour("--line");
    pen.strokeRect(x, y, box.width, box.height);
  }
  const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = plain(walker.currentNode.textContent);
    const holder = walker.currentNode.parentElement;
    if (!text || holder.closest(".sr-only")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    const style = getComputedStyle(holder);
    pen.fillStyle = style.color;
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.textBaseline = "middle";
    pen.fillText(text, box.left - origin.left, box.top - origin.top + box.height / 2);
  }
}

/** A token's colour as the browser resolves it now, light-dark() included. */
export function colour(name) {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function values(cell, index, count) {
  const told = cell.dataset.value ?? (index ? "" : plain(cell.textContent));
  if (count === 1) return [told];
  const parts = told.split("|");
  return Array.from({ length: count }, (_, place) => parts[place] ?? "");
}

function plain(text) {
  return text.trim().replace(/\s+/g, " ");
}

function quoted(text) {
  const safe = /^[=+@\t\r\uFF1D\uFF0B\uFF0D\uFF20]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
