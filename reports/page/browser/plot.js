// How plots look, in light and in dark, and how they are used from the keyboard.

const SYMBOLS = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "star", "pentagon", "hexagon",
  "triangle-left", "triangle-right", "hexagram", "hourglass", "bowtie", "octagon", "star-diamond", "star-square",
  "triangle-ne", "triangle-sw"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
const PATTERNS = ["", "/", "x", ".", "-", "|", "+", "\\"];
const PLOTS = []; // the functions that draw, to draw again when the theme changes

const pick = (items, place) => items[Math.max(place, 0) % items.length];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const hue = (place) => css(`--m${Math.max(place, 0)}`);
const modelColour = (model) => hue(run.models.indexOf(model));
const methodSymbol = (method) => pick(SYMBOLS, run.methods.indexOf(method));
// the markers of other simulators and number formats follow those of the methods
const engineSymbol = (engine) => pick(SYMBOLS, engine === run.ours ? 0 : run.methods.length + run.engines.indexOf(engine));
/** A dashed line always means spikes at the end of a step. */
const detectionDash = (detection) => (detection === run.at_end ? "dash" : pick(DASHES.filter((each) => each !== "dash"), run.detections.filter((each) => each !== run.at_end).indexOf(detection)));

/** Plotly reads markup in labels: names must be shown as text. */
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A name in lines of at most `most` letters: broken after an underscore, a colon or a space, if it has one there. */
function broken(name, most) {
  const lines = [""];
  for (const part of String(name).match(/[^_: ]+[_: ]*|[_: ]+/g) || []) {
    if (lines[lines.length - 1] && (lines[lines.length - 1] + part).trimEnd().length > most) lines.push("");
    let rest = lines.pop() + part;
    for (; rest.trimEnd().length > most; rest = rest.slice(most)) lines.push(rest.slice(0, most));
    lines.push(rest);
  }
  return lines.map(plain).join("<br>");
}

/** A list below a plot that says what colours, markers and lines mean: it has room for any number of long names. */
function legend(id, entries) {
  let list = byId(`${id}-legend`);
  if (!list) {
    list = Object.assign(document.createElement("ul"), { id: `${id}-legend`, className: "legend" });
    byId(id).after(list);
  }
  list.replaceChildren(...entries.map(([name, look]) => {
    const item = document.createElement("li");
    item.append(swatch(look), " ", name);
    return item;
  }));
}

function axis(title, more = {}) {
  return { title: { text: plain(title), standoff: 8 }, gridcolor: css("--line"), linecolor: css("--line"), zeroline: false, automargin: true, ...more };
}

const logarithmic = (title, more = {}) => axis(title, { type: "log", exponentformat: "power", dtick: 1, ...more });

function show(id, traces, { height, ...layout }, nothing = "Nothing to draw for this choice.") {
  const plot = byId(id);
  plot.style.height = traces.length ? `${height}px` : ""; // of the element, not of the layout: it stays when the window changes size
  if (!traces.length) {
    if (plot.data) Plotly.purge(plot);
    const said = document.createElement("p");
    said.className = "nothing";
    said.textContent = nothing;
    plot.replaceChildren(said);
    return;
  }
  if (plot.firstElementChild && plot.firstElementChild.className === "nothing") plot.replaceChildren();
  Plotly.react(plot, traces, {
    paper_bgcolor: css("--page"), plot_bgcolor: css("--page"), font: { color: css("--text"), size: 12.5, family: "system-ui, sans-serif" },
    margin: { l: 70, r: 20, t: 20, b: 55 }, hoverlabel: { align: "left", bgcolor: css("--soft"), font: { color: css("--text") } },
    hovermode: "closest", dragmode: "zoom", ...layout,
  }, { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });
}

const MOST_BY_COLOUR = 8; // more models also have names at the ends of their lines
const LABEL = 11; // height of such a name in pixels
const longestLabel = () => (isNarrow() ? 90 : 128); // its largest width
const PEN = document.createElement("canvas").getContext("2d");

/** The width of a text in pixels, in letters of a size. */
function textWidth(text, size = 10.5) {
  PEN.font = `${size}px system-ui, sans-serif`;
  return PEN.measureText(text).width;
}

/** A name, its end left out if it is wider than the place for it. */
function within(name) {
  const letters = [...name];
  const text = (most) => (most < letters.length ? `${letters.slice(0, most).join("")}\u2026` : name);
  let most = letters.length;
  while (most > 1 && textWidth(text(most)) > longestLabel()) most -= 1;
  return text(most);
}

/** The names of lines beside a panel of a width and a height in pixels, moved apart where they would cover each other, each connected with the end of its line.
 * An end has a name, a colour, and its place: x from the left, y from the top, both as parts of the panel. */
function beside(ends, id, width, height) {
  const found = { shapes: [], annotations: [] }, sorted = [...ends].sort((a, b) => a.y - b.y), at = [];
  sorted.forEach(({ y }, i) => at.push(Math.max(y * height, i ? at[i - 1] + LABEL : -10)));
  for (let i = sorted.length - 1, most = height + 40; i >= 0; i -= 1, most -= LABEL) at[i] = Math.min(at[i], most);
  sorted.forEach(({ name, colour, x, y }, i) => {
    const place = 1 - at[i] / height, axes = { xref: `x${id} domain`, yref: `y${id} domain` };
    found.shapes.push({ ...axes, type: "line", x0: x, x1: 1 + 8 / width, y0: 1 - y, y1: place, line: { color: colour, width: 1 }, opacity: 0.7, layer: "below" });
    found.annotations.push({ ...axes, x: 1, y: place, xanchor: "left", yanchor: "middle", xshift: 8, showarrow: false, text: plain(within(name)), font: { size: 10.5 } });
  });
  return found;
}

/** The range of an axis that is in sight; on a logarithmic axis, of the logarithms. */
const sight = (id, axisName) => byId(id)._fullLayout[axisName].range.map(Number);

/** Place labels again when a zoom has changed what is in sight: `labels` returns the annotations and shapes of what is in sight. */
function placed(id, labels) {
  const plot = byId(id), place = () => { Plotly.relayout(plot, labels()); apart(id); };
  plot.removeAllListeners("plotly_relayout"); // of an earlier drawing
  plot.on("plotly_relayout", (changed) => { if (Object.keys(changed).some((name) => /^[xy]axis\d*\./.test(name))) place(); });
  place();
}

/** Hide each label of a curve that would be cut, or cover an earlier one: lists of colours name the curves, too. */
function apart(id) {
  const plot = byId(id), kept = [], hidden = {}, whole = plot.getBoundingClientRect();
  for (const each of plot.querySelectorAll(".annotation")) {
    if (!plot.layout.annotations[each.dataset.index].text.startsWith("<b>")) continue;
    const box = each.getBoundingClientRect();
    const covers = (other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
    const cut = box.left < whole.left || box.right > whole.right || box.top < whole.top || box.bottom > whole.bottom;
    if (cut || kept.some(covers)) hidden[`annotations[${each.dataset.index}].visible`] = false;
    else kept.push(box);
  }
  if (Object.keys(hidden).length) Plotly.relayout(plot, hidden);
}

function listen(id, said, what = "Plot") {
  const plot = byId(id);
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-label", `${what.replace(/\.$/, "")}. Plus and minus zoom, arrows move, 0 shows all, n and p go through the points.`);
  let at = -1;
  const range = (change) => {
    const update = {};
    for (const name of ["xaxis", "yaxis"]) {
      const of = plot.layout[name];
      if (of && of.range && of.type !== "category") update[`${name}.range`] = change(of.range.map(Number), name);
    }
    Plotly.relayout(plot, update);
  };
  const zoom = (by) => range(([low, high]) => [low + (high - low) * by, high - (high - low) * by]);
  const move = (axisName, by) => range(([low, high], name) => (name === axisName ? [low + (high - low) * by, high + (high - low) * by] : [low, high]));
  const step = (by) => {
    const points = plot.data.flatMap((trace, curve) => (trace.hoverinfo === "text" ? trace.x.map((_, i) => [curve, i]) : []));
    if (!points.length) return;
    at = (at + by + points.length) % points.length;
    const [curveNumber, pointNumber] = points[at];
    try {
      Plotly.Fx.hover(plot, [{ curveNumber, pointNumber }]);
    } catch { /* a point outside the visible range has no label, but its text is still announced */ }
    if (said) byId(said).textContent = plot.data[curveNumber].text[pointNumber].replaceAll("<br>", "; ").replace(/<\/?b>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  };
  const keys = {
    "+": () => zoom(0.15), "=": () => zoom(0.15), "-": () => zoom(-0.2), 0: () => Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true }),
    ArrowLeft: () => move("xaxis", -0.15), ArrowRight: () => move("xaxis", 0.15), ArrowUp: () => move("yaxis", 0.15), ArrowDown: () => move("yaxis", -0.15),
    n: () => step(1), p: () => step(-1),
  };
  plot.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey || !plot.data) return;
    event.preventDefault();
    keys[event.key]();
  });
}

/** Draw now, whenever a control changes, and when the theme does. */
function drawn(draw, controls) {
  PLOTS.push(draw);
  for (const id of controls) byId(id).addEventListener("change", draw);
  draw();
}

const SVG = "http://www.w3.org/2000/svg";

/** The marker or line of a model, method or detection, shown next to its name. */
function swatch({ colour, symbol, dash }) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-8 -8 16 16");
  svg.setAttribute("width", dash ? 30 : 13);
  svg.setAttribute("height", 13);
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  const around = (n, first, inner) => Array.from({ length: inner ? 2 * n : n }, (_, i) => {
    const angle = first + (2 * Math.PI * i) / (inner ? 2 * n : n), r = inner && i % 2 ? inner : 7;
    return `${r * Math.cos(angle)} ${r * Math.sin(angle)}`;
  }).join(" L");
  const up = -Math.PI / 2;
  const outlines = {
    circle: `M${around(24, 0)} Z`, square: "M-6 -6 H6 V6 H-6 Z", "triangle-up": `M${around(3, up)} Z`, diamond: `M${around(4, up)} Z`,
    "triangle-down": `M${around(3, -up)} Z`, cross: "M-2 -7 H2 V-2 H7 V2 H2 V7 H-2 V2 H-7 V-2 H-2 Z", x: "M-6 -3 L-3 -6 L0 -3 L3 -6 L6 -3 L3 0 L6 3 L3 6 L0 3 L-3 6 L-6 3 L-3 0 Z",
    star: `M${around(5, up, 3)} Z`, pentagon: `M${around(5, up)} Z`, hexagon: `M${around(6, 0)} Z`, "triangle-left": `M${around(3, Math.PI)} Z`,
    "triangle-right": `M${around(3, 0)} Z`, hexagram: `M${around(6, up, 4)} Z`,
    hourglass: "M-6 -6 H6 L-6 6 H6 Z", bowtie: "M-6 -6 V6 L6 -6 V6 Z",
    octagon: `M${around(8, Math.PI / 8)} Z`, "star-diamond": `M${around(4, up, 3)} Z`, "star-square": `M${around(4, Math.PI / 4, 3)} Z`,
    "triangle-ne": "M-6 -6 H6 V6 Z", "triangle-sw": "M-6 -6 V6 H6 Z",
  };
  if (dash) {
    svg.setAttribute("viewBox", "0 -8 36 16");
    shape.setAttribute("d", "M0 0 H36");
    shape.setAttribute("stroke", "currentColor");
    shape.setAttribute("stroke-width", "3");
    shape.setAttribute("stroke-dasharray", { solid: "none", dash: "9 5", dot: "3 4", dashdot: "9 4 3 4", longdash: "15 5" }[dash]);
  } else {
    shape.setAttribute("d", outlines[symbol || "square"]);
    shape.setAttribute("fill", "currentColor");
  }
  if (dash && symbol) {
    const marker = document.createElementNS(SVG, "path");
    marker.setAttribute("d", outlines[symbol]);
    marker.setAttribute("fill", "currentColor");
    marker.setAttribute("transform", "translate(18 0)");
    svg.append(marker);
  }
  svg.style.color = colour ? `var(${colour})` : "";
  svg.append(shape);
  return svg;
}
