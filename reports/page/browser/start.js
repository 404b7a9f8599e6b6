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
  fold();
  for (const part of [ratios, choosing, tables, workPrecision, breakdown, parity, recorded, features]) {
    try {
      part();
    } catch (error) { // the other parts are drawn all the same
      trouble(`A plot cannot be drawn: ${error.message}.`);
      console.error(error);
    }
  }
  const again = () => PLOTS.forEach((draw) => draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  matchMedia(`(max-width: ${NARROW}px)`).addEventListener("change", () => { // other panels and lines of names: measured anew
    for (const plot of document.querySelectorAll(".plot")) if (plot.data) Plotly.purge(plot);
    again();
  });
  const plots = document.querySelectorAll(".plot"); // on paper they look as on the screen, but smaller
  addEventListener("beforeprint", () => plots.forEach((plot) => { plot.style.width = `${plot.clientWidth}px`; }));
  addEventListener("afterprint", () => plots.forEach((plot) => { plot.style.width = ""; }));
  document.body.dataset.ready = "yes";
}

/** Show only the first models of a long answer; a button shows the others. */
function fold() {
  const button = byId("answer-more");
  if (!button) return;
  button.hidden = false;
  const turn = () => {
    const folded = byId("answer").classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? (button.dataset.number === "1" ? "show the other model" : `show the other ${button.dataset.number} models`) : "show only the first models";
  };
  button.addEventListener("click", turn);
  turn();
}

function trouble(text) {
  byId("trouble").hidden = false;
  byId("trouble").textContent = `${text} The tables in the folder of this page contain all numbers.`;
}

start().catch((error) => {
  trouble(`The plots cannot be drawn: ${error.message}.`);
  throw error;
});
