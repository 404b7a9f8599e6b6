// How many features a model shows, against what it costs; only where a run has looked for them.

function features() {
  if (!byId("features-plot")) return;
  const leaders = rows("leaders"), situations = choices(leaders, SITUATION, situationText);
  offer(byId("features-situation"), situations);
  if (situations.length) byId("features-situation").value = situations[situations.length - 1][0];
  const shown = new Map();
  for (const row of rows("features")) {
    if (!shown.has(row.model)) shown.set(row.model, new Set());
    if (row.outcome === "found") shown.get(row.model).add(row.feature);
  }
  const looked = new Set(rows("features").map((row) => row.feature)).size;

  function draw() {
    const cells = leaders.filter((row) => keyOf(row, SITUATION) === byId("features-situation").value && shown.has(row.model.split(":")[0]));
    const count = (row) => shown.get(row.model.split(":")[0]).size;
    const traces = cells.map((row) => ({ x: [row.flops_per_ms], y: [count(row)], mode: "markers+text", hoverinfo: "text", name: plain(row.model), textposition: "top center", texttemplate: plain(row.model.split(":")[0]),
      text: [`<b>${plain(row.model)}</b><br>${count(row)} of ${looked} features<br>${number(row.flops_per_ms)} operations per ms (${plain(wayText(row))})`],
      marker: { size: 13, color: modelColour(row.model), symbol: pick(SYMBOLS, run.models.indexOf(row.model)) } }));
    show("features-plot", traces, { height: 420, showlegend: false, xaxis: logarithmic("operations per ms of model time"), yaxis: axis(`features shown, of ${looked}`, { range: [-0.5, looked + 1.5] }) });
  }
  listen("features-plot");
  drawn(draw, ["features-situation"]);
}
