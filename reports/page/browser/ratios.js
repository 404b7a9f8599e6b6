// What models cost relative to one of them, against the tolerance: where a line crosses 1, an order changes.

const VIEW_LOOKS = [{ dash: "solid", named: "spikes located within a step, where that is cheaper" }, { dash: "dash", named: "spikes at the end of a step" }];

function ratios() {
  if (!byId("ratio-plot")) return;
  const { grid, any, baseline, loosest } = run.ratios, looks = new Map([[any, VIEW_LOOKS[0]], [grid, VIEW_LOOKS[1]]]);
  const shown = rows("ratios").filter((row) => row.bound !== "not known" && row.tolerance <= loosest && row.model !== baseline);
  const panels = [...grouped(shown, REGIME).values()];
  const models = run.ratios.order.filter((model) => model !== baseline && shown.some((row) => row.model === model)), many = models.length > MOST_BY_COLOUR;
  const symbolOf = (model) => (many ? pick(SYMBOLS, models.indexOf(model)) : "circle");
  const sign = { "at least": "\u2265 ", "at most": "\u2264 " };

  function text(row) {
    return `<b>${plain(row.model)}</b>, ${plain(looks.get(row.view).named)}<br>${plain(regimeText(row))}, within ${number(row.tolerance)} ms<br>`
      + `${sign[row.bound] || ""}${number(row.ratio)} times the cost of ${plain(baseline)}<br>${plain(wayText(row))}, dt ${step(row.dt_ms)} ms, ${number(row.flops_per_ms)} operations per ms`;
  }

  function draw() {
    const narrow = isNarrow(), across = narrow ? 1 : Math.min(panels.length, 4), right = many ? longestLabel() + 10 : 8;
    const down = Math.ceil(panels.length / across), gapX = 0.015, gapY = down > 1 ? 0.3 / down : 0;
    const width = (byId("ratio-plot").clientWidth - 70 - right) / across, names = panels.map((here) => regimeText(here[0]));
    const short = names.some((name) => 7.4 * name.length > width); // a name in two lines: the drive, then its level
    const high = Math.max(narrow ? 260 : 300, many ? 45 + LABEL * models.length : 0), margin = { l: 62, r: right, t: (narrow ? 66 : 44) + (short ? 14 : 0), b: 50 };
    const total = (narrow ? 70 : 40) + high * down, inside = total - margin.t - margin.b;
    const layout = { annotations: [], shapes: [] }, traces = [], last = []; // panels with names beside them
    const lows = shown.map((row) => Math.log10(row.ratio)), range = [Math.min(0, ...lows) - 0.25, Math.max(0, ...lows) + 0.35];
    const strictest = Math.min(...shown.map((row) => row.tolerance)), columns = [Math.log10(loosest) + 0.15, Math.log10(strictest) - 0.15];
    panels.forEach((here, i) => {
      const id = i ? String(i + 1) : "", column = i % across, row = Math.floor(i / across);
      const x = [(column + (column ? gapX : 0)) / across, (column + 1 - gapX) / across];
      const height = (1 - gapY * (down - 1)) / down, top = 1 - row * (height + gapY);
      const ticks = [1, 0.1, 0.01, 10, 0.001].filter((value) => value <= loosest * 1.01 && value >= strictest * 0.99);
      layout[`xaxis${id}`] = axis("", { type: "log", domain: x, anchor: `y${id}`, range: columns, tickvals: ticks, ticktext: ticks.map(String), title: { text: "error allowed (ms)", standoff: 4 } });
      layout[`yaxis${id}`] = axis("", { type: "log", domain: [top - height, top], anchor: `x${id}`, range, dtick: 1, showticklabels: !column, automargin: !column, tickvals: [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000, 10000],
        ticktext: ["0.0001", "0.001", "0.01", "0.1", "1", "10", "100", "1000", "10000"], title: { text: column || narrow ? "" : `cost / cost of ${plain(baseline)}`, standoff: 6 } });
      layout.shapes.push({ type: "line", xref: `x${id} domain`, yref: `y${id}`, x0: 0, x1: 1, y0: 1, y1: 1, line: { color: css("--faint"), width: 1.5 }, layer: "below" });
      layout.annotations.push({ xref: `x${id} domain`, yref: `y${id} domain`, x: 0.5, y: 1, yanchor: "bottom", xanchor: "center", showarrow: false, text: `<b>${plain(short ? names[i].replace(", ", ",\n") : names[i]).replace("\n", "<br>")}</b>`, font: { size: 12.5 } });
      for (const line of grouped(here, ["model", "view"]).values()) {
        const ordered = [...line].sort((a, b) => b.tolerance - a.tolerance), [{ model, view }] = ordered, colour = modelColour(model);
        traces.push({ x: ordered.map((each) => each.tolerance), y: ordered.map((each) => each.ratio), xaxis: `x${id}`, yaxis: `y${id}`, mode: "lines+markers", hoverinfo: "text", text: ordered.map(text), showlegend: false,
          name: `${plain(model)}, ${plain(view)}, ${plain(regimeText(here[0]))}`, line: { color: colour, width: 2.5, dash: looks.get(view).dash },
          marker: { color: ordered.map((each) => (each.bound ? css("--page") : colour)), symbol: symbolOf(model), size: many ? 7 : 6, line: { color: colour, width: 1.5 } } });
      }
      if (many && (column === across - 1 || i === panels.length - 1)) last.push([here, id, inside * height]);
    });
    // on a phone, a name along the axis would be longer than the axis
    if (narrow) layout.annotations.push({ xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "bottom", xshift: -50, yshift: short ? 34 : 18, showarrow: false, text: `cost / cost of ${plain(baseline)}` });
    show("ratio-plot", traces, { ...layout, height: total, margin }, "No two models reach the same tolerance in the same regime.");
    if (!traces.length) return;
    placed("ratio-plot", () => {
      const names = last.map(([here, id, height]) => beside(ends(here, sight("ratio-plot", `yaxis${id}`), sight("ratio-plot", `xaxis${id}`)), id, width, height));
      return { annotations: layout.annotations.concat(...names.map((each) => each.annotations)), shapes: layout.shapes.concat(...names.map((each) => each.shapes)) };
    });
  }

  /** The ends in sight of the lines of a panel, which axes show up to a range. */
  function ends(here, [low, top], [first, last]) {
    const seen = here.filter((row) => {
      const x = Math.log10(row.tolerance), y = Math.log10(row.ratio);
      return row.model !== baseline && x <= first && x >= last && y >= low && y <= top;
    });
    return [...grouped(seen, ["model"]).values()].map((of) => {
      const line = of.some((row) => row.view === any) ? of.filter((row) => row.view === any) : of;
      const end = line.reduce((found, row) => (row.tolerance < found.tolerance ? row : found));
      return { name: end.model, colour: modelColour(end.model), x: (first - Math.log10(end.tolerance)) / (first - last), y: (top - Math.log10(end.ratio)) / (top - low) };
    });
  }

  legend("ratio-plot", shown.length ? [...models.map((model) => [model, { colour: `--m${run.models.indexOf(model)}`, dash: "solid", ...(many ? { symbol: symbolOf(model) } : {}) }]), ...[...looks.values()].map((look) => [look.named, look])] : []);
  listen("ratio-plot", "ratio-said", `Costs relative to ${baseline} against the error allowed; the table above has the ranges.`);
  drawn(draw, []);
}
