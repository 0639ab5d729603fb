// Builds static/dist from assets/: scripts, styles and one icon sprite, under hashed names listed in manifest.json.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const out = join(root, "static", "dist");
const entries = ["js/app.js", "js/calendar.js", "js/charts.js", "js/drawings.js", "js/weigh.js", "css/app.css", "css/calendar.css"];

/** Every browser of the last two years; light-dark() and popovers are used as they are. */
const target = ["chrome123", "edge123", "firefox128", "safari17.5"];

async function bundle() {
  const result = await build({
    entryPoints: entries.map((entry) => join(root, "assets", entry)),
    outdir: out,
    entryNames: "[name].[hash]",
    bundle: true,
    minify: true,
    format: "iife",
    target,
    loader: { ".woff2": "file" },
    assetNames: "[name].[hash]",
    legalComments: "linked",
    metafile: true,
    write: true,
    absWorkingDir: root,
    logLevel: "warning",
    plugins: [{ name: "marks", setup: marks }],
  });
  const names = {};
  for (const [path, made] of Object.entries(result.metafile.outputs)) {
    if (made.entryPoint) names[basename(made.entryPoint)] = basename(path);
  }
  return names;
}

/** One <symbol> per icon: lucide's by the names in lucide.txt, and our own drawings beside it. */
async function sprite() {
  const folder = join(root, "assets", "icons");
  const symbols = [];
  const names = (await readFile(join(folder, "lucide.txt"), "utf8")).split("\n").filter(Boolean);
  for (const name of names) symbols.push(await symbol(name, join(root, "node_modules/lucide-static/icons", `${name}.svg`)));
  const own = (await readdir(folder)).filter((file) => file.endsWith(".svg")).sort();
  for (const file of own) symbols.push(await symbol(basename(file, ".svg"), join(folder, file)));
  const text = `<!-- Icons from lucide (https://lucide.dev), ISC licence, and the planner's own. -->\n<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
  const file = hashed("icons.svg", text);
  await writeFile(join(out, file), text);
  await refuseUnknownIcons(new Set([...names, ...own.map((file) => basename(file, ".svg"))]));
  return { "icons.svg": file };
}

async function symbol(name, path) {
  const { attributes, body } = await drawing(path);
  return `<symbol id="${name}" ${attributes.join(" ")}>${body}</symbol>`;
}

/** What a drawing says of itself, and its lines. */
async function drawing(path) {
  const svg = await readFile(path, "utf8");
  const [, attributes, body] = svg.match(/<svg([^>]*)>([\s\S]*)<\/svg>/);
  return { attributes: attributes.match(/(viewBox|fill|stroke[a-z-]*)="[^"]*"/g), body: body.replace(/\s*\n\s*/g, "") };
}

/**
 * The font of assets/icons/marks.py. `@import "marks"` in a style: its face, and a class `drawn--name` for each name in marks.txt, which says nothing to
 * who listens, since words stand beside it. `import bytes from "marks"` in a script: the font itself.
 */
function marks(bundler) {
  const folder = join(root, "assets", "icons");
  bundler.onResolve({ filter: /^marks$/ }, ({ kind }) => ({ path: "marks", namespace: kind === "import-rule" ? "marks-style" : "marks-font" }));
  bundler.onLoad({ filter: /.*/, namespace: "marks-font" }, async () => ({ contents: await readFile(join(folder, "marks.woff2")), loader: "binary" }));
  bundler.onLoad({ filter: /.*/, namespace: "marks-style" }, async () => {
    const names = (await readFile(join(folder, "marks.txt"), "utf8")).split("\n").filter(Boolean);
    const rules = names.map((name, place) => `.drawn--${name}::before { content: "\\${(0xe000 + place).toString(16)}" / ""; }`);
    return { contents: `@font-face { font-family: Marks; src: url("./marks.woff2"); }\n${rules.join("\n")}`, loader: "css", resolveDir: folder };
  });
}

/** An icon a template names but the sprite lacks would be an invisible button: refuse to build. */
async function refuseUnknownIcons(known) {
  const files = await readdir(join(root, "templates"), { recursive: true });
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    const text = await readFile(join(root, "templates", file), "utf8");
    for (const [, name] of text.matchAll(/\bicon(?:=|\()"([a-z0-9_-]+)"\s*[,)]/g)) {
      if (!known.has(name)) throw new Error(`templates/${file} uses the icon "${name}": add it to assets/icons/lucide.txt`);
    }
  }
}

/** Files that only need a hashed name. */
async function copies() {
  const made = {};
  for (const file of ["favicon.svg"]) {
    const bytes = await readFile(join(root, "assets", file));
    made[file] = hashed(file, bytes);
    await writeFile(join(out, made[file]), bytes);
  }
  return made;
}

function hashed(file, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  return file.replace(/(\.[a-z]+)$/, `.${hash}$1`);
}

async function report(names) {
  for (const [name, file] of Object.entries(names)) {
    const bytes = await readFile(join(out, file));
    console.log(`${name.padEnd(14)} ${file.padEnd(26)} ${(gzipSync(bytes).length / 1024).toFixed(1).padStart(6)} KB gz`);
  }
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const names = { ...(await bundle()), ...(await sprite()), ...(await copies()) };
await writeFile(join(out, "manifest.json"), `${JSON.stringify(names, null, 2)}\n`);
await report(names);
