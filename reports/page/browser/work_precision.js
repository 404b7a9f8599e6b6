// Cost against error: every run of the sweep, filtered, with each model's Pareto front.

const OPENED = innerHeight; // a plot keeps its height when the window's height changes
const IN_SIGHT = 1e-3; // errors are shown down to this fraction of the strictest tolerance

function workPrecision() {
  const all = rows("points");
  const timed = ["ns_per_ms", "ns_per_ms_simd"];
  const source = (cost) => (timed.includes(cost) ? rows("timed") : all);
  const has = (items, column) => items.some((row) => row[column] !== null && row[column] !== undefined);

  offer(byId("wp-cost"), Object.entries(run.costs).filter(([name]) => has(source(name), name)).map(([name, of]) => [name, of.label]));
  const errors = Object.entries(run.measures).map(([name, of]) => [name, of.label]);
  errors.splice(1, 0, ["median", "largest spike-time error (ms), median stimulus"]);
  offer(byId("wp-error"), errors);
  const regimes = choices(all, REGIME, regimeText);
  offer(byId("wp-regime"), regimes);
  if (regimes.length) byId("wp-regime").value = regimes[regimes.length - 1][0];
  const dims = { models: run.models, methods: run.methods, detections: run.detections, engines: run.engines };
  byId("wp-engines").hidden = run.engines.length < 2;
  for (const [name, items] of Object.entries(dims)) fill(name, items.filter((item) => all.some((row) => row[name.slice(0, -1)] === item)));

  function fill(name, items) {
    const looks = { models: (m) => ({ colour: `--m${run.models.indexOf(m)}` }), methods: (m) => ({ symbol: methodSymbol(m) }), detections: (d) => ({ dash: detectionDash(d) }), engines: (e) => ({ symbol: engineSymbol(e) }) };
    for (const item of items) {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value: item });
      label.append(box, " ", swatch(looks[name](item)), " ", item);
      byId(`wp-${name}`).append(label);
    }
  }

  const checked = (name) => new Set([...byId(`wp-${name}`).querySelectorAll("input:checked")].map((box) => box.value));

  function errorOf(row, measure) {
    if (measure === "median") return row.median_error_ms;
    const { column, perfect } = run.measures[measure];
    const value = row[column];
    return value === null || value === undefined ? null : Math.abs(value - (column === measure ? perfect : 0));
  }

  function chosen() {
    const cost = byId("wp-cost").value, measure = byId("wp-error").value, regime = byId("wp-regime").value;
    const [models, methods, detections, engines] = ["models", "methods", "detections", "engines"].map(checked);
    // another simulator has schemes and detections of its own
    const asChosen = (row) => !run.methods.includes(row.method) || !row.engine.startsWith(run.ours) || (methods.has(row.method) && detections.has(row.detection));
    const here = source(cost).filter((row) => keyOf(row, REGIME) === regime && models.has(row.model) && engines.has(row.engine) && asChosen(row));
    const found = here
      .map((row) => ({ ...row, cost: row[cost], error: errorOf(row, measure) }))
      .filter((row) => row.cost !== null && row.cost !== undefined && row.error !== null && row.error !== undefined);
    const without = here.filter((row) => row[cost] === null || row[cost] === undefined).length;
    // models that have complete runs, but no value of this error
    const lacking = run.models.filter((model) => here.some((row) => row.model === model && row.error_ms !== null) && !found.some((row) => row.model === model)
      && here.some((row) => row.model === model && row[cost] !== null && row[cost] !== undefined));
    return { lacking, cost, measure, regime, without, points: found.filter((row) => row.error > 0 && row.cost > 0), exact: found.filter((row) => row.error === 0).length };
  }

  function front(points) {
    let best = Infinity;
    return [...points].sort((a, b) => a.cost - b.cost || a.error - b.error).filter((row) => row.error < best && ((best = row.error), true));
  }

  function label(row, now) {
    const setting = row.error_control === null ? `dt ${said(row, "dt_ms")} ms` : `tolerance ${number(row.error_control)}, mean dt ${said(row, "dt_ms")} ms`;
    return `<b>${plain(row.model)}</b><br>${plain(wayText(row))}<br>${setting}<br>cost ${number(row.cost)} ${plain(run.costs[now.cost].unit)} per ms${noted(row, now.cost)}<br>error ${withUnit(row.error, now)}`;
  }

  function withUnit(value, now) {
    const unit = now.measure === "median" ? "ms" : run.measures[now.measure].unit;
    return number(value) + (unit === "1" ? "" : ` ${plain(unit)}`);
  }

  function floorOf(now) {
    const here = rows("regimes").filter((row) => keyOf(row, REGIME) === now.regime);
    const unit = now.measure === "median" ? "ms" : run.measures[now.measure].unit;
    const column = now.measure === "voltage_rms" ? "reference_voltage_error" : unit === "ms" ? "reference_error_ms" : null;
    const known = column ? here.map((row) => row[column]).filter((value) => value > 0) : [];
    return known.length ? Math.max(...known) : null;
  }

  function draw() {
    const now = chosen(), alone = byId("wp-front").checked, traces = [], fronts = [], annotations = [], shapes = [];
    const base = { hoverinfo: "text", showlegend: false };
    const why = now.measure === "voltage_rms" ? ": the voltage is compared at the ends of the stimulus's pieces that are more than 2 ms from a spike, and there are none" : "";
    byId("wp-said").textContent = [now.lacking.length ? `${now.lacking.join(" and ")} ${now.lacking.length > 1 ? "have" : "has"} no value of this error here${why}.` : "", now.exact ? `${now.exact} runs have an error of exactly 0, which a logarithmic axis cannot show.` : "",
      now.without ? `${now.without} runs have no value for this cost${now.cost === "instrumented_per_ms" ? ": adaptive methods are not instrumented, and the table below says which other runs could not be" : ""}.` : ""].join(" ").trim();
    if (!now.points.length) {
      show("wp-plot", [], {}, timed.includes(now.cost) ? "Wall times are measured for cases that reach a tolerance, with the first kind of stimulus and horizon: there are none here." : undefined);
      return;
    }
    if (!alone) {
      for (const curve of grouped(now.points, ["model", "method", "detection", "engine"]).values()) {
        const [{ model, method, detection, engine }] = curve, symbol = engine === run.ours ? methodSymbol(method) : engineSymbol(engine);
        traces.push({ ...base, x: curve.map((row) => row.cost), y: curve.map((row) => row.error), text: curve.map((row) => label(row, now)),
          name: `${plain(model)}, ${plain(wayText(curve[0]))}`, mode: "lines+markers", opacity: 0.6,
          line: { color: modelColour(model), dash: detectionDash(detection), width: 1 }, marker: { symbol, size: ["star", "hexagram"].includes(symbol) ? 8 : 5, color: modelColour(model) } });
      }
    }
    for (const of of grouped(now.points.filter((row) => row.engine === run.ours), ["model"]).values()) {
      const best = front(of), [{ model }] = best;
      traces.push({ ...base, x: best.map((row) => row.cost), y: best.map((row) => row.error), text: best.map((row) => label(row, now)), name: `front of ${plain(model)}`,
        mode: "lines+markers", line: { color: modelColour(model), width: 3, shape: "hv" },
        marker: { symbol: best.map((row) => methodSymbol(row.method)), size: 9, color: modelColour(model), line: { color: css("--page"), width: 1 } } });
      fronts.push({ model, best });
    }
    const across = (y, dash, text) => {
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: { color: css("--faint"), width: 1, dash }, layer: "below" });
      annotations.push({ xref: "paper", x: 1, xanchor: "right", y: Math.log10(y), yanchor: "bottom", text, showarrow: false, font: { size: 11, color: css("--faint") } });
    };
    const asked = run.criteria.filter((each) => each.measure === now.measure).map((each) => each.tolerance);
    for (const tolerance of asked) across(tolerance, "solid", `tolerance ${withUnit(tolerance, now)}`);
    const floor = floorOf(now), toFloor = byId("wp-floor").checked && floor !== null;
    const ys = now.points.map((row) => row.error), top = Math.max(...ys, ...asked);
    const bottom = toFloor ? Math.min(floor / 2, ...ys) : Math.max(Math.min(...ys), asked.length ? Math.min(...asked) * IN_SIGHT : 0);
    if (floor !== null) {
      across(floor, "dot", `the reference's own error ${withUnit(floor, now)}`);
      if (floor < bottom) annotations.push({ xref: "paper", yref: "paper", x: 1, xanchor: "right", y: 0, yanchor: "bottom", showarrow: false,
        text: `\u2193 the reference's${isNarrow() ? "<br>" : " "}own error is ${withUnit(floor, now)}`, align: "right", font: { size: 11, color: css("--faint") }, bgcolor: css("--page") });
    }
    const error = now.measure === "median" ? "largest spike-time error (ms), median stimulus" : run.measures[now.measure].label;
    /** Labels of the fronts in sight, so that models can be recognized without colours: at both ends, or beside the plot if they are many. */
    function labels() {
      const [left, right] = sight("wp-plot", "xaxis"), [low, high] = sight("wp-plot", "yaxis"), middle = (left + right) / 2;
      const seen = fronts.map(({ model, best }) => ({ model, best: best.map((row) => [Math.log10(row.cost), Math.log10(row.error)]).filter(([x, y]) => x >= left && x <= right && y >= low && y <= high) }))
        .filter(({ best }) => best.length);
      if (many) {
        // the most expensive at the top, each at its point that is nearest in height, so that connecting lines hardly cross
        const ordered = [...seen].sort((a, b) => b.best[b.best.length - 1][0] - a.best[a.best.length - 1][0]);
        const ends = ordered.map(({ model, best }, i) => {
          const points = best.map(([x, y]) => [(x - left) / (right - left), (high - y) / (high - low)]), away = ([, y]) => Math.abs(y - (i + 0.5) / ordered.length);
          const [x, y] = points.reduce((near, point) => (away(point) < away(near) ? point : near));
          return { name: model, colour: modelColour(model), x, y };
        });
        const size = byId("wp-plot")._fullLayout._size, names = beside(ends, "", size.w, size.h);
        return { annotations: annotations.concat(names.annotations), shapes: shapes.concat(names.shapes) };
      }
      const found = [];
      for (const { model, best } of seen) {
        const text = broken(model, isNarrow() ? 14 : 26);
        if (text.split("<br>").length > 3) continue; // it would cover the plot
        const named = ([x, y], more) => found.push({ x, y, text: `<b>${text}</b>`, showarrow: false, align: "left", xanchor: x < middle ? "left" : "right",
          font: { color: modelColour(model), size: 13 }, bgcolor: css("--page"), opacity: 0.9, ...more });
        named(best[0], { yanchor: "bottom", yshift: 6 });
        const last = best[best.length - 1];
        if (best.length > 1 && !isNarrow()) named(last, { xshift: last[0] < middle ? 8 : -8 });
      }
      return { annotations: annotations.concat(found), shapes };
    }

    const used = byId("wp-plot").getBoundingClientRect().top - byId("precision-part").getBoundingClientRect().top;
    const many = fronts.length > MOST_BY_COLOUR, height = Math.min(640, Math.max(360, OPENED - used - 20)); // the controls and the axis fit on one screen
    show("wp-plot", traces, { height: many ? Math.max(height, 110 + LABEL * fronts.length) : height, margin: { l: 70, r: many ? longestLabel() + 14 : 20, t: 42, b: 55 }, annotations, shapes, uirevision: JSON.stringify([now.cost, now.measure, now.regime, toFloor]),
      xaxis: logarithmic(run.costs[now.cost].label), yaxis: logarithmic(error, { range: [Math.log10(bottom) - 0.15, Math.log10(top) + 0.25] }) });
    placed("wp-plot", labels);
  }

  listen("wp-plot", "wp-said", "Cost against error of every run");
  drawn(draw, ["wp-cost", "wp-error", "wp-regime", "wp-front", "wp-floor", "wp-models", "wp-methods", "wp-detections", "wp-engines"]);
  byId("wp-csv").addEventListener("click", () => {
    const now = chosen();
    save("work_precision.csv", csv(now.points.map((row) => ({ model: row.model, method: row.method, detection: row.detection, engine: row.engine, stimulus: row.stimulus, level: row.level,
      horizon_ms: row.horizon_ms, dt_ms: row.dt_ms, error_control: row.error_control, [now.cost]: row.cost, [`error_${now.measure}`]: row.error }))));
  });
}
