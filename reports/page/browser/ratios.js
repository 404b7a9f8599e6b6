// What models cost relative to one of them, against the tolerance: where a line crosses 1, an order changes.

const VIEW_LOOKS = [{ dash: "solid", named: "spikes located within a step, where that is cheaper" }, { dash: "dash", named: "spikes at the end of a step" }];
const NARROW = 640; // below this width in pixels, panels are one below the other

function ratios() {
  if (!byId("ratio-plot")) return;
  const { grid, any, baseline, loosest } = run.ratios, looks = new Map([[any, VIEW_LOOKS[0]], [grid, VIEW_LOOKS[1]]]);
  const shown = rows("ratios").filter((row) => row.bound !== "not known" && row.tolerance <= loosest && row.model !== baseline);
  const panels = [...grouped(shown, REGIME).values()];
  const sign = { "at least": "\u2265 ", "at most": "\u2264 " };
  let across = 0;

  function fits() {
    return byId("ratio-plot").clientWidth < NARROW ? 1 : Math.min(panels.length, 4);
  }

  function text(row) {
    return `<b>${plain(row.model)}</b>, ${plain(looks.get(row.view).named)}<br>${plain(regimeText(row))}, within ${number(row.tolerance)} ms<br>`
      + `${sign[row.bound] || ""}${number(row.ratio)} times the cost of ${plain(baseline)}<br>${plain(wayText(row))}, dt ${step(row.dt_ms)} ms, ${number(row.flops_per_ms)} operations per ms`;
  }

  function draw() {
    across = fits();
    const down = Math.ceil(panels.length / across), gapX = 0.015, gapY = down > 1 ? 0.3 / down : 0;
    const layout = { annotations: [], shapes: [] }, traces = [];
    const lows = shown.map((row) => Math.log10(row.ratio)), range = [Math.min(0, ...lows) - 0.25, Math.max(0, ...lows) + 0.35];
    const strictest = Math.min(...shown.map((row) => row.tolerance)), columns = [Math.log10(loosest) + 0.15, Math.log10(strictest) - 0.15];
    panels.forEach((here, i) => {
      const id = i ? String(i + 1) : "", column = i % across, row = Math.floor(i / across);
      const x = [(column + (column ? gapX : 0)) / across, (column + 1 - gapX) / across];
      const height = (1 - gapY * (down - 1)) / down, top = 1 - row * (height + gapY);
      const ticks = [1, 0.1, 0.01, 10, 0.001].filter((value) => value <= loosest * 1.01 && value >= strictest * 0.99);
      layout[`xaxis${id}`] = axis("", { type: "log", domain: x, anchor: `y${id}`, range: columns, tickvals: ticks, ticktext: ticks.map(String), title: { text: "error allowed (ms)", standoff: 4 } });
      layout[`yaxis${id}`] = axis("", { type: "log", domain: [top - height, top], anchor: `x${id}`, range, dtick: 1, showticklabels: !column, automargin: !column, tickvals: [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000, 10000],
        ticktext: ["0.0001", "0.001", "0.01", "0.1", "1", "10", "100", "1000", "10000"], title: { text: column ? "" : `cost / cost of ${plain(baseline)}`, standoff: 6 } });
      layout.shapes.push({ type: "line", xref: `x${id} domain`, yref: `y${id}`, x0: 0, x1: 1, y0: 1, y1: 1, line: { color: css("--faint"), width: 1.5 }, layer: "below" });
      layout.annotations.push({ xref: `x${id} domain`, yref: `y${id} domain`, x: 0.5, y: 1, yanchor: "bottom", xanchor: "center", showarrow: false, text: `<b>${plain(regimeText(here[0]))}</b>`, font: { size: 12.5 } });
      for (const line of grouped(here, ["model", "view"]).values()) {
        const ordered = [...line].sort((a, b) => b.tolerance - a.tolerance), [{ model, view }] = ordered, colour = modelColour(model);
        traces.push({ x: ordered.map((each) => each.tolerance), y: ordered.map((each) => each.ratio), xaxis: `x${id}`, yaxis: `y${id}`, mode: "lines+markers", hoverinfo: "text", text: ordered.map(text), showlegend: false,
          name: `${plain(model)}, ${plain(view)}, ${plain(regimeText(here[0]))}`, line: { color: colour, width: 2.5, dash: looks.get(view).dash },
          marker: { color: ordered.map((each) => (each.bound ? css("--page") : colour)), size: 6, line: { color: colour, width: 1.5 } } });
      }
    });
    const named = (name, line) => ({ x: [null], y: [null], mode: "lines", hoverinfo: "skip", showlegend: true, name: plain(name), line });
    if (traces.length) {
      traces.push(...run.models.filter((model) => model !== baseline && shown.some((row) => row.model === model)).map((model) => named(model, { color: modelColour(model), width: 4 })));
      traces.push(...[...looks.values()].map((look) => named(look.named, { color: css("--text"), width: 2, dash: look.dash })));
    }
    show("ratio-plot", traces, { ...layout, height: across === 1 ? 130 + 260 * down : 70 + 300 * down, margin: { l: 62, r: 8, t: 44, b: 84 },
      legend: { orientation: "h", y: across === 1 ? -0.1 / down : -0.24 / down, yanchor: "top", x: 0, font: { size: 12 } } }, "No two models reach the same tolerance in the same regime.");
  }

  listen("ratio-plot", "ratio-said", `Costs relative to ${baseline} against the error allowed; the table above has the ranges.`);
  drawn(draw, []);
  addEventListener("resize", () => { if (fits() !== across) draw(); });
}
