// Charts: <canvas data-chart="line|bar" data-table="id"> drawn from the table with that id, so that numbers and drawing are
// one source; or data-json="id" for a <script type="application/json">. A cell without data-value is a gap, never 0.
import { BarController, BarElement, CategoryScale, Chart, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip } from "chart.js";
import { colour } from "./chart_files.js";
import "./drawings.js";
import { onContent, readerLocale } from "./page.js";

Chart.register(BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip);

const drawn = new Map();
const paper = matchMedia("print");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function readTable(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    series: heads.map((head, index) => ({
      label: head.textContent.trim(),
      colour: head.dataset.colour,
      // A dashed series is one whose source changed what it counts.
      dashed: "break" in head.dataset,
      values: rows.map((row) => {
        const value = row.cells[index + 1]?.dataset.value;
        return value === undefined || value === "" ? null : Number(value);
      }),
    })),
    // A row with data-break starts a new way of counting: a vertical line says so.
    breaks: rows.flatMap((row, index) => ("break" in row.dataset ? [{ index, text: row.dataset.break }] : [])),
  };
}

function read(canvas) {
  if (canvas.dataset.json) return { breaks: [], ...JSON.parse(document.getElementById(canvas.dataset.json).textContent) };
  return readTable(document.getElementById(canvas.dataset.table).querySelector("table"));
}

/** The vertical line where a source changed its way of counting. */
const breakLines = {
  id: "breaks",
  afterDatasetsDraw(chart, _args, { breaks = [], ink }) {
    const { ctx, chartArea, scales } = chart;
    for (const { index, text } of breaks) {
      const x = Math.round(scales.x.getPixelForValue(index)) - 0.5;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = ink;
      ctx.setLineDash([4, 3]);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      ctx.font = `11px ${Chart.defaults.font.family}`;
      const right = x > (chartArea.left + chartArea.right) / 2;
      ctx.textAlign = right ? "right" : "left";
      ctx.fillText(text, x + (right ? -5 : 5), chartArea.top + 10);
      ctx.restore();
    }
  },
};

function dataset(series, index, kind) {
  const shade = colour(`--channel-${series.colour ?? index % 8}`);
  return {
    label: series.label,
    data: series.values,
    borderColor: shade,
    backgroundColor: kind === "bar" ? shade : "transparent",
    borderWidth: kind === "bar" ? 0 : 2,
    borderRadius: 2,
    borderDash: series.dashed ? [5, 4] : [],
    pointRadius: series.values.length > 40 ? 0 : 2,
    pointHoverRadius: 5,
    pointBackgroundColor: shade,
    // Shapes tell the series apart where colours cannot.
    pointStyle: ["circle", "rect", "triangle", "rectRot", "star", "cross"][index % 6],
    spanGaps: false,
    // Rounded, and never beyond the two numbers that a piece lies between.
    cubicInterpolationMode: "monotone",
    maxBarThickness: 28,
  };
}

function options(shown, language) {
  const ink = colour("--ink-3");
  const line = colour("--line");
  const number = new Intl.NumberFormat(language);
  const short = new Intl.NumberFormat(language, { notation: "compact" });
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: still.matches || paper.matches ? false : { duration: 250 },
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { grid: { display: false }, border: { color: line }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 16 } },
      y: { beginAtZero: true, grid: { color: line }, border: { display: false }, ticks: { color: ink, maxTicksLimit: 6, callback: (value) => short.format(value) } },
    },
    plugins: {
      legend: { display: shown.series.length > 1, align: "start", labels: { color: colour("--ink-2"), usePointStyle: true, boxHeight: 7, padding: 14 } },
      tooltip: {
        backgroundColor: colour("--raised"),
        borderColor: colour("--line-strong"),
        borderWidth: 1,
        titleColor: colour("--ink"),
        bodyColor: colour("--ink"),
        padding: 10,
        usePointStyle: true,
        callbacks: { label: (item) => ` ${item.dataset.label}  ${number.format(item.parsed.y)}` },
      },
      breaks: { breaks: shown.breaks, ink },
    },
  };
}

function draw(canvas) {
  drawn.get(canvas)?.destroy();
  const shown = read(canvas);
  const kind = canvas.dataset.chart || "line";
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawn.set(canvas, new Chart(canvas, {
    type: kind,
    data: { labels: shown.labels, datasets: shown.series.map((series, index) => dataset(series, index, kind)) },
    options: options(shown, readerLocale()),
    plugins: [breakLines],
  }));
}

onContent((piece) => {
  for (const canvas of piece.querySelectorAll("canvas[data-chart]")) draw(canvas);
});

function drawAgain() {
  for (const canvas of drawn.keys()) if (canvas.isConnected) draw(canvas);
}

document.addEventListener("planner:theme", drawAgain);
// Paper is white whatever the theme.
paper.addEventListener("change", drawAgain);
