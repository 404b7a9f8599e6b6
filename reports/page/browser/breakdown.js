// The operations that make up the cost, and whether counted operations were retired.

function breakdown() {
  const leaders = rows("leaders"), byKind = grouped(rows("by_kind"), CELL);
  const kinds = [...new Set(rows("by_kind").map((row) => row.kind))];
  const situations = choices(leaders, SITUATION, situationText);
  offer(byId("kinds-situation"), situations);
  if (situations.length) byId("kinds-situation").value = situations[situations.length - 1][0];
  offer(byId("kinds-model"), [["", "each model's cheapest"], ...run.models.map((model) => [model, `all of ${model}`])]);

  function draw() {
    const situation = byId("kinds-situation").value, model = byId("kinds-model").value, share = byId("kinds-share").checked;
    const cells = (model ? own("table").filter((row) => row.model === model && row.flops_per_ms !== null) : leaders).filter((row) => keyOf(row, SITUATION) === situation)
      .sort((a, b) => b.flops_per_ms - a.flops_per_ms);
    const name = (row) => `${plain(model ? wayText(row) : `${row.model}: ${wayText(row)}`)}  <b>${said(row, "flops_per_ms")}</b>`;
    const found = cells.map((row) => new Map((byKind.get(keyOf(row, CELL)) || []).map((each) => [each.kind, each.per_ms])));
    const totals = found.map((of) => [...of.values()].reduce((a, b) => a + b, 0));
    const traces = kinds.filter((kind) => found.some((of) => of.has(kind))).map((kind) => {
      const place = kinds.indexOf(kind), values = found.map((of) => of.get(kind) || 0);
      return { type: "bar", orientation: "h", name: plain(kind), y: cells.map(name), x: values.map((value, i) => (share ? (100 * value) / totals[i] : value)), hoverinfo: "text", textposition: "none",
        text: values.map((value, i) => `<b>${plain(kind)}</b><br>${number(value)} per ms, ${number((100 * value) / totals[i])} %`),
        marker: { color: hue(place), line: { color: css("--page"), width: 1 }, pattern: { shape: pick(PATTERNS, place), bgcolor: hue(place), fgcolor: css("--page"), size: 6, solidity: 0.3 } } };
    });
    show("kinds-plot", traces, { barmode: "stack", height: 150 + 30 * cells.length, legend: { orientation: "h", y: 1.02, yanchor: "bottom", traceorder: "normal" }, margin: { l: 70, r: 20, t: 60, b: 50 },
      bargap: 0.25, xaxis: axis(share ? "part of the operations (%); in bold: operations per ms" : "operations per ms of model time", share ? { range: [0, 100] } : {}), yaxis: axis("", { type: "category", ticksuffix: " " }) });
  }

  listen("kinds-plot", "", "Operations of each case by kind");
  drawn(draw, ["kinds-situation", "kinds-model", "kinds-share"]);
}

function parity() {
  const all = rows("parity");
  function draw() {
    const kinds = [...new Set(all.map((row) => row.kind))], top = Math.max(...all.flatMap((row) => [row.counted, row.retired]));
    const text = (row) => `<b>${plain(row.model)}</b>, ${plain(row.method)}<br>${plain(row.kind)}: ${number(row.counted)} counted, ${number(row.retired)} retired`;
    const traces = [...grouped(all, ["kind"]).values()].map((of) => ({ x: of.map((row) => row.counted), y: of.map((row) => row.retired), text: of.map(text), hoverinfo: "text", mode: "markers", showlegend: false,
      marker: { symbol: pick(SYMBOLS, kinds.indexOf(of[0].kind)), color: of.map((row) => modelColour(row.model)), size: 9, opacity: 0.75, line: { color: css("--page"), width: 1 } } }));
    const named = (name, marker) => ({ x: [null], y: [null], mode: "markers", hoverinfo: "skip", name: plain(name), marker: { size: 9, ...marker } });
    if (traces.length) traces.push(...kinds.map((kind, i) => named(kind, { symbol: pick(SYMBOLS, i), color: css("--faint") })), ...run.models.map((model) => named(model, { symbol: "square", color: modelColour(model) })));
    const shapes = [{ type: "line", x0: 0.001, y0: 0.001, x1: 10 * top, y1: 10 * top, line: { color: css("--faint"), width: 1 }, layer: "below" }];
    show("parity-plot", traces, { height: 420, shapes, xaxis: logarithmic("counted from the Step, operations per step by kind"), yaxis: logarithmic("retired by the processor") },
      "No exact counter saw the kernels here.");
  }
  listen("parity-plot", "", "Operations that were retired against operations that were counted");
  drawn(draw, []);
}
