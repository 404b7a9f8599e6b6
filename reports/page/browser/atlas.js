// The page of the atlas: the ranking of choosing.js, and the front of features against cost for the same choices.

function front(ranked) {
  const traces = [];
  let most = -1;
  for (const { row, cost } of ranked) { // the cheapest first
    const count = run.shown[row.model];
    if (count === undefined) continue;
    const first = count > most, symbol = pick(SYMBOLS, run.models.indexOf(row.model));
    most = Math.max(most, count);
    traces.push({ x: [cost], y: [count], mode: first ? "markers+text" : "markers", hoverinfo: "text", name: plain(row.model), textposition: "top center", texttemplate: broken(row.model, isNarrow() ? 14 : 26),
      marker: { size: 13, color: modelColour(row.model), symbol: first ? symbol : `${symbol}-open`, line: { width: 2 } },
      text: [`<b>${plain(row.model)}</b><br>${count} of ${run.looked} features<br>${number(cost)} operations per ms (${plain(wayText(row))})`] });
  }
  const places = ranked.map(({ cost }) => Math.log10(cost)), lowest = Math.min(...places), highest = Math.max(...places);
  const room = (isNarrow() ? 0.35 : 0.1) * Math.max(highest - lowest, 0.5); // for the names of the first and the last
  show("front-plot", traces, { height: 420, showlegend: false, xaxis: logarithmic("operations per ms", { range: [lowest - room, highest + room] }), yaxis: axis(`features, of ${run.looked}`, { range: [-0.5, run.looked + 1.5] }) });
}

async function start() {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old to unpack the data (it was made before 2023)");
  run = JSON.parse(await unpacked("data-packed"));
  const library = document.createElement("script");
  library.textContent = await unpacked("plotly-packed");
  document.head.append(library);
  listen("front-plot", "", "Number of features against cost");
  choosing(front);
  const again = () => byId("me-regime").dispatchEvent(new Event("change"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  matchMedia(`(max-width: ${NARROW}px)`).addEventListener("change", again);
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  byId("trouble").hidden = false;
  byId("trouble").textContent = `The page cannot be shown: ${error.message}. "spikecost atlas show MODEL" prints the same.`;
  throw error;
});
