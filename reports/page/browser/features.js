// How many features a model shows, against its cost: as found, and as stated in 2004; only if the run searched features.

function features() {
  if (!byId("features-plot")) return;
  const leaders = rows("leaders"), situations = choices(leaders, SITUATION, situationText), looked = run.features.looked;
  const shown = new Map(Object.entries(run.features.shown)), stated = new Map(Object.entries(run.features.stated));
  const nameOf = (label) => label.split(":")[0];
  offer(byId("features-situation"), situations);
  if (situations.length) byId("features-situation").value = situations[situations.length - 1][0];

  function draw() {
    const traces = [];
    for (const row of leaders) {
      if (keyOf(row, SITUATION) !== byId("features-situation").value || !shown.has(nameOf(row.model))) continue;
      const name = nameOf(row.model), count = shown.get(name), colour = modelColour(row.model), symbol = pick(SYMBOLS, run.models.indexOf(row.model));
      const mark = { mode: "markers", hoverinfo: "text", name: plain(row.model) };
      if (stated.has(name)) {
        const { flops, features } = stated.get(name), known = features !== null;
        traces.push({ x: [flops, row.flops_per_ms], y: [known ? features : count, count], mode: "lines", hoverinfo: "skip", name: `way of ${plain(row.model)}`, line: { color: colour, width: 1, dash: "dot" } });
        traces.push({ ...mark, x: [flops], y: [known ? features : count], marker: { size: 13, color: colour, symbol: `${symbol}-open`, line: { width: 2 } },
          text: [`<b>${plain(row.model)}</b>, as stated in 2004<br>${known ? `${features} of 20 features` : `features not known with certainty; ${count} found here`}<br>${number(flops)} FLOPs per ms`] });
      }
      traces.push({ ...mark, x: [row.flops_per_ms], y: [count], mode: "markers+text", textposition: "top center", texttemplate: plain(name), marker: { size: 13, color: colour, symbol },
        text: [`<b>${plain(row.model)}</b><br>${count} of ${looked} features<br>${said(row, "flops_per_ms")} operations per ms (${plain(wayText(row))})`] });
    }
    show("features-plot", traces, { height: 420, showlegend: false, xaxis: logarithmic("operations per ms of model time"), yaxis: axis(`features, of ${looked}`, { range: [-0.5, looked + 1.5] }) });
  }
  listen("features-plot", "", "Number of features against cost");
  drawn(draw, ["features-situation"]);
}
