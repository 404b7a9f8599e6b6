// Spikes and voltage of a case, compared with the reference.

/** The whole numbers whose differences are given, each multiplied and added to a first one. */
function summed(differences, by, first, digits) {
  let sum = 0;
  return differences.map((each) => { sum += each; return Number((first + sum * by).toFixed(digits)); });
}

function recorded() {
  for (const each of run.recorded) {
    each.voltage = summed(each.voltage, each.quantum, each.lowest, Math.max(0, 1 - Math.floor(Math.log10(each.quantum))));
    each.spikes = summed(each.spikes, run.resolution, 0, 5);
  }
  const references = run.recorded.filter((each) => each.method === "");
  const regime = (each) => keyOf(each, ["model", ...REGIME]);
  offer(byId("rec-regime"), references.map((each) => [regime(each), `${each.model}: ${regimeText(each)}`]));
  if (references.length) byId("rec-regime").value = regime(references[references.length - 1]);
  const costs = new Map(own("table").map((row) => [keyOf(row, CELL), row]));

  function cells() {
    const here = byId("rec-regime").value;
    return run.recorded.filter((each) => each.method !== "" && regime(each) === here)
      .sort((a, b) => b.tolerance - a.tolerance || costs.get(keyOf(a, CELL)).flops_per_ms - costs.get(keyOf(b, CELL)).flops_per_ms);
  }

  function choose() {
    offer(byId("rec-cell"), cells().map((each) => {
      const row = costs.get(keyOf(each, CELL));
      return [keyOf(each, CELL), `${accuracyText(each)}: ${wayText(each)}, dt ${said(row, "dt_ms")} ms, ${said(row, "flops_per_ms")} operations per ms`];
    }));
  }

  function now() {
    const here = byId("rec-regime").value, way = byId("rec-cell").value;
    return { reference: references.find((each) => regime(each) === here), cell: run.recorded.find((each) => each.method !== "" && keyOf(each, CELL) === way) };
  }

  const times = (each) => each.voltage.map((_, i) => Number((each.start + i * each.step).toFixed(5)));

  function draw() {
    const { reference, cell } = now();
    if (!reference || !cell) {
      show("rec-spikes", [], {}, "No case of this model reaches a tolerance in this regime.");
      show("rec-voltage", [], {}, "");
      return;
    }
    const colour = modelColour(cell.model), way = plain(wayText(cell));
    const unit = rows("regimes").find((row) => row.model === cell.model).voltage_unit;
    const ticks = (each, y, name, of) => ({ x: each.spikes, y: each.spikes.map(() => y), name, mode: "markers", hoverinfo: "text", text: each.spikes.map((at, i) => `<b>${name}</b><br>spike ${i + 1} at ${number(at)} ms`),
      marker: { symbol: "line-ns-open", size: 20, color: of, line: { width: 1.5, color: of } } });
    const both = Math.min(reference.spikes.length, cell.spikes.length);
    const late = Array.from({ length: both }, (_, i) => cell.spikes[i] - reference.spikes[i]);
    const traces = [ticks(reference, "reference", "reference", css("--text")), ticks(cell, way, way, colour)];
    traces.push({ x: reference.spikes.slice(0, both), y: late, yaxis: "y2", mode: "lines+markers", hoverinfo: "text", name: "late by", text: late.map((by, i) => `spike ${i + 1}: ${by < 0 ? "early" : "late"} by ${number(Math.abs(by))} ms`),
      line: { color: colour, width: 1 }, marker: { color: colour, size: 5 } });
    show("rec-spikes", traces, { height: 400, showlegend: false, xaxis: axis("time (ms)", { range: [0, cell.horizon_ms], anchor: "y2" }),
      yaxis: axis("", { domain: [0.66, 1], type: "category", range: [-0.6, 1.6], showgrid: false }), yaxis2: axis("late by (ms)", { domain: [0, 0.56], zeroline: true, zerolinecolor: css("--faint") }) });
    const scale = unit === "1" ? "voltage (no unit)" : `voltage (${unit})`;
    const line = (each, name, look) => ({ x: times(each), y: each.voltage, name, hoverinfo: "text", text: each.voltage.map((v, i) => `<b>${name}</b><br>${number(times(each)[i])} ms: ${number(v)}`), ...look });
    show("rec-voltage", [line(reference, "reference", { mode: "lines", line: { color: css("--faint"), width: 5 }, opacity: 0.6 }),
      line(cell, way, { mode: "lines+markers", line: { color: colour, width: 1.5, dash: detectionDash(cell.detection) }, marker: { color: colour, symbol: methodSymbol(cell.method), size: 4 } })],
    { height: 360, legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 70, r: 20, t: 40, b: 50 }, xaxis: axis("time (ms)"), yaxis: axis(scale) });
  }

  byId("rec-regime").addEventListener("change", choose);
  choose();
  listen("rec-spikes", "", "Spikes of the case and of the reference, and how late each spike is");
  listen("rec-voltage", "", "Voltage of the case and of the reference around a spike");
  drawn(draw, ["rec-regime", "rec-cell"]);
  const named = (each) => ({ model: each.model, method: each.method || "reference", detection: each.detection, level: each.level });
  byId("rec-csv-spikes").addEventListener("click", () => save("spikes.csv", csv(Object.values(now()).filter(Boolean).flatMap((each) => each.spikes.map((at) => ({ ...named(each), time_ms: at }))))));
  byId("rec-csv-voltage").addEventListener("click", () => save("voltages.csv", csv(Object.values(now()).filter(Boolean).flatMap((each) => times(each).map((at, i) => ({ ...named(each), time_ms: at, voltage: each.voltage[i] }))))));
}
