// Tables that sort, and the table of all cases.

const SHORT = ["stimulus", "level", "measure", "tolerance", "model", "method", "detection", "engine", "status", "dt_ms", "flops_per_ms", "flops_per_ms_low", "flops_per_ms_high",
  "ns_per_ms", "ns_per_ms_simd", "error_ms", "reason"];
// column heads in words; other names are words with underscores
const HEADS = { dt_ms: "dt (ms)", flops_per_ms: "operations per ms", flops_per_ms_low: "at least (95 %)", flops_per_ms_high: "at most (95 %)", ns_per_ms: "ns per ms", ns_per_ms_simd: "ns per ms, in SIMD lanes",
  error_ms: "error (ms)" };
const UNITS = { ms: "ms", hz: "Hz", ns: "ns" };
const AT_FIRST = 60; // rows of the long table that are shown at first

/** The name of a column in words: `round_dt_ms` is "round dt (ms)". */
function headText(name) {
  if (HEADS[name]) return HEADS[name];
  const words = name.split("_"), unit = UNITS[words[words.length - 1]], per = words.includes("per");
  return unit && !per && words.length > 1 ? `${words.slice(0, -1).join(" ")} (${unit})` : words.join(" ").replace(/\bflops\b/, "operations");
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined || a === "") return 1; // missing values come last, in both directions
  if (b === null || b === undefined || b === "") return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function sorted(items, value, direction) {
  const missing = (item) => [null, undefined, ""].includes(value(item));
  return [...items].sort((a, b) => (missing(a) || missing(b) ? 1 : direction) * compare(value(a), value(b)));
}

function heading(text, title, isNumber, press) {
  const th = document.createElement("th"), button = document.createElement("button");
  th.scope = "col";
  if (isNumber) th.className = "number";
  if (title) th.title = title;
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => {
    const direction = th.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of th.parentElement.children) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", direction);
    press(direction === "ascending" ? 1 : -1);
  });
  th.append(button);
  return th;
}

/** Make a table of data, that can be sorted; return a function that fills it with other rows. */
function dataTable(table, columns, meanings, types) {
  let items = [], by = null, direction = 1, limit = Infinity;
  const head = document.createElement("thead"), line = head.insertRow(), body = document.createElement("tbody");
  line.append(...columns.map((name) => heading(headText(name), meanings[name], types(name), (way) => { by = name; direction = way; fill(); })));
  table.replaceChildren(...table.querySelectorAll("caption"), head, body);
  function fill() {
    const ordered = by ? sorted(items, (item) => item[by], direction) : items;
    body.replaceChildren(...ordered.slice(0, limit).map((item) => {
      const row = document.createElement("tr");
      if (item.status !== undefined && !["reached", "at least"].includes(item.status)) row.className = "none";
      for (const name of columns) {
        const cell = row.insertCell();
        cell.textContent = said(item, name);
        cell.className = types(name) ? "number" : name === "reason" || name === "changes" ? "long" : "";
      }
      return row;
    }));
  }
  return (found, most = Infinity) => { items = found; limit = most; fill(); };
}

const isNumeric = (name) => (items) => items.some((item) => typeof item[name] === "number");

function typesOf(items) {
  const known = new Map();
  return (name) => {
    if (!known.has(name)) known.set(name, isNumeric(name)(items));
    return known.get(name);
  };
}

function staticTable(table) {
  const titles = [...table.tHead.rows[0].cells];
  const value = (i) => (row) => {
    const text = row.cells[i].textContent.trim(), plainNumber = Number(text.replaceAll(",", ""));
    return text !== "" && !Number.isNaN(plainNumber) ? plainNumber : text;
  };
  titles.forEach((th, i) => th.replaceWith(heading(th.textContent, th.title, th.className === "number", (direction) =>
    table.tBodies[0].append(...sorted([...table.tBodies[0].rows], value(i), direction)))));
}

function tables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    const from = table.dataset.from;
    if (!from) staticTable(table);
    else {
      const known = rows(from), empty = (value) => value === null || value === "";
      // a reason that all rows share is shown once, above the table
      const said = (name) => name === "reason" && known.length > 1 && known.every((row) => row.reason === known[0].reason);
      const used = Object.keys(run.tables[from]).filter((name) => known.some((row) => !empty(row[name])) && !said(name));
      const shared = known.length && said("reason") ? known[0].reason : "";
      if (shared) {
        const line = Object.assign(document.createElement("p"), { className: "say", textContent: `In all rows: ${shared}.` });
        table.parentElement.before(line);
      }
      dataTable(table, used, {}, typesOf(rows(from)))(rows(from));
    }
  }
  cells();
}

function cells() {
  const all = rows("table"), types = typesOf(all);
  const texts = all.map((row) => Object.values(row).filter((value) => typeof value === "string").join(" ").toLowerCase());
  const find = byId("cells-find"), more = byId("cells-more");
  let fill, limit = AT_FIRST;
  function shown() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const reached = byId("cells-reached").checked;
    const found = all.filter((row, i) => (!reached || row.flops_per_ms !== null) && words.every((word) => texts[i].includes(word)));
    fill(found, limit);
    byId("cells-count").textContent = `${found.length} of ${all.length} cases`;
    more.hidden = found.length <= limit;
  }
  function lay() {
    const columns = byId("cells-columns").checked ? Object.keys(run.tables.table).filter((name) => !name.endsWith("_note")) : SHORT;
    fill = dataTable(byId("cells"), columns, run.columns, types);
    shown();
  }
  find.addEventListener("input", shown);
  byId("cells-reached").addEventListener("change", shown);
  byId("cells-columns").addEventListener("change", lay);
  more.addEventListener("click", () => { limit = Infinity; shown(); });
  lay();
}
