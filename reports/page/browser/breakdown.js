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
    const narrow = isNarrow();
    // on a phone, a name has several short lines, so that there is room for the bars
    const name = (row) => `${broken(model ? wayText(row) : `${row.model}: ${wayText(row)}`, narrow ? 18 : 40)}${narrow ? "<br>" : "  "}<b>${said(row, "flops_per_ms")}</b>`;
    const lines = cells.map((row) => name(row).replace(/<\/?b>/g, "").split("<br>")); // the highest name has room, and the widest
    const high = Math.max(30, ...lines.map((of) => 18 * of.length)), left = 24 + Math.max(0, ...lines.flat().map((line) => textWidth(line, 13)));
    const found = cells.map((row) => new Map((byKind.get(keyOf(row, CELL)) || []).map((each) => [each.kind, each.per_ms])));
    const totals = found.map((of) => [...of.values()].reduce((a, b) => a + b, 0));
    const traces = kinds.filter((kind) => found.some((of) => of.has(kind))).map((kind) => {
      const place = kinds.indexOf(kind), values = found.map((of) => of.get(kind) || 0);
      return { type: "bar", orientation: "h", name: plain(kind), y: cells.map(name), x: values.map((value, i) => (share ? (100 * value) / totals[i] : value)), hoverinfo: "text", textposition: "none",
        text: values.map((value, i) => `<b>${plain(kind)}</b><br>${number(value)} per ms, ${number((100 * value) / totals[i])} %`),
        marker: { color: hue(place), line: { color: css("--page"), width: 1 }, pattern: { shape: pick(PATTERNS, place), bgcolor: hue(place), fgcolor: css("--page"), size: 6, solidity: 0.3 } } };
    });
    const above = narrow ? 34 + 20 * Math.ceil(traces.length / 2) : 60; // lines of the legend
    const place = { orientation: "h", xanchor: "left", x: (8 - left) / (byId("kinds-plot").clientWidth - left - 20), yanchor: "bottom", y: narrow ? 1 : 1.02 };
    show("kinds-plot", traces, { barmode: "stack", height: 90 + above + high * cells.length, legend: { ...place, traceorder: "normal" }, margin: { l: left, r: 20, t: above, b: 50 },
      bargap: 0.25, xaxis: axis(share ? "share (%)" : "operations per ms", share ? { range: [0, 100] } : {}), yaxis: axis("", { type: "category", ticksuffix: " ", automargin: false }) });
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
    legend("parity-plot", all.length ? [...kinds.map((kind, i) => [kind, { symbol: pick(SYMBOLS, i) }]), ...run.models.map((model) => [model, { colour: `--m${run.models.indexOf(model)}` }])] : []);
    const shapes = [{ type: "line", x0: 0.001, y0: 0.001, x1: 10 * top, y1: 10 * top, line: { color: css("--faint"), width: 1 }, layer: "below" }];
    show("parity-plot", traces, { height: 420, shapes, xaxis: logarithmic("counted, operations per step"), yaxis: logarithmic("retired by the processor") },
      "No exact counter saw the kernels here.");
  }
  listen("parity-plot", "", "Operations that were retired against operations that were counted");
  drawn(draw, []);
}
