"use strict";
// Things that all parts of the page share: the data, numbers, choices, CSV.

let run; // the data of the page; start.js sets it

const NARROW = 640; // up to this width in pixels, as of a phone, panels are one below the other and names have several lines
const isNarrow = () => innerWidth <= NARROW;

const byId = (id) => document.getElementById(id);
const CELL = ["model", "method", "detection", "stimulus", "horizon_ms", "level", "measure", "tolerance"];
const REGIME = ["stimulus", "level", "horizon_ms"];
const SITUATION = [...REGIME, "measure", "tolerance"];

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

const made = new Map();

/** Return a table of the data as an array of objects. */
function rows(name) {
  if (!made.has(name)) {
    const columns = Object.entries(run.tables[name]);
    const count = columns.length ? columns[0][1].length : 0;
    made.set(name, Array.from({ length: count }, (_, i) => Object.fromEntries(columns.map(([key, of]) => [key, of[i]]))));
  }
  return made.get(name);
}

/** The rows of a table that are of our kernels in double precision: only these rank models. */
const own = (name) => rows(name).filter((row) => row.engine === run.ours);

const keyOf = (row, names) => JSON.stringify(names.map((name) => row[name]));

function grouped(items, names) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item, names);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

function number(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en");
  if (size >= 1e4 && size < 1e9) return Math.round(value).toLocaleString("en");
  const digits = value.toPrecision(4);
  return digits.includes("e") ? Number(digits).toExponential() : String(Number(digits));
}

/** A dt is rounded down, so that the displayed dt does not exceed the one that was run. */
function step(value) {
  if (typeof value !== "number" || !(value > 0)) return number(value);
  const unit = 10 ** (Math.floor(Math.log10(value)) - 3);
  return number(Math.floor((value / unit) * (1 + 1e-9)) * unit);
}

const COSTS = ["flops_per_ms", "flops_per_ms_low", "flops_per_ms_high", "ns_per_ms", "ns_per_ms_simd"];

/** Why a time cannot be trusted, to be put beside it. */
const noted = (row, name) => (row[`${name}_note`] ? ` (${row[`${name}_note`]})` : "");

/** An entry of a row; if the coarsest dt of the sweep holds, its dt is a lower bound and its costs are upper bounds. */
function said(row, name) {
  const text = (name === "dt_ms" ? step(row[name]) : number(row[name])) + noted(row, name);
  if (row.status !== "at least" || typeof row[name] !== "number") return text;
  return name === "dt_ms" ? `\u2265 ${text}` : COSTS.includes(name) ? `\u2264 ${text}` : text;
}

const regimeText = (row) => `${run.drives[row.stimulus]}, ${row.level}, ${row.horizon_ms / 1000} s`;

function accuracyText(row) {
  const of = run.criteria.find((each) => each.measure === row.measure);
  const unit = (of || run.measures[row.measure]).unit;
  const value = number(row.tolerance) + (unit === "1" ? "" : ` ${unit}`);
  return row.measure === "maximum" ? `every spike within ${value}` : `${row.measure} within ${value}`;
}

const situationText = (row) => `${regimeText(row)}, ${accuracyText(row)}`;
const wayText = (row) => `${row.method}, ${row.detection}` + (row.engine && row.engine !== run.ours ? `, ${row.engine}` : "");

/** Fill a select with [value, text] pairs and keep the chosen value if it still exists. */
function offer(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
  if (choices.some(([value]) => value === before)) select.value = before;
}

/** Return one choice per distinct group of rows, in their order. */
function choices(items, names, text) {
  return [...grouped(items, names)].map(([key, [first]]) => [key, text(first)]);
}

function csvField(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = /^\s*[=+\-@]|^\t/.test(value) ? `'${value}` : String(value); // a spreadsheet must not take it for a formula
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(items, columns) {
  const names = columns || Object.keys(items[0] || {});
  return [names, ...items.map((item) => names.map((name) => item[name]))].map((line) => line.map(csvField).join(",")).join("\n") + "\n";
}

function save(name, text, type = "text/csv") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // a busy browser reads it later
}
