// Unpack the data and the plotting library, then draw everything.

async function start() {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old to unpack the data (it was made before 2023)");
  run = JSON.parse(await unpacked("data-packed"));
  const library = document.createElement("script");
  library.textContent = await unpacked("plotly-packed");
  document.head.append(library);
  for (const button of document.querySelectorAll("button.csv")) {
    button.addEventListener("click", () => save(`${button.dataset.table}.csv`, csv(rows(button.dataset.table), Object.keys(run.tables[button.dataset.table]))));
  }
  byId("suite-file").addEventListener("click", () => save("suite.toml", run.suite, "text/plain"));
  byId("suite-text").textContent = run.suite;
  for (const part of [ratios, choosing, tables, workPrecision, breakdown, parity, recorded, features]) part();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => PLOTS.forEach((draw) => draw()));
  const plots = document.querySelectorAll(".plot"); // on paper they look as on the screen, but smaller
  addEventListener("beforeprint", () => plots.forEach((plot) => { plot.style.width = `${plot.clientWidth}px`; }));
  addEventListener("afterprint", () => plots.forEach((plot) => { plot.style.width = ""; }));
  document.body.dataset.ready = "yes";
}

start().catch((error) => {
  byId("trouble").hidden = false;
  byId("trouble").textContent = `The plots cannot be drawn: ${error.message}. The tables in the folder of this page contain all numbers.`;
  throw error;
});
