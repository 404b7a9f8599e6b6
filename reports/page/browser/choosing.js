// "For me": the ranking for the reader's own conditions, code to copy, and a link that keeps the conditions.

const CHOICES = ["me-regime", "me-tolerance", "me-feature", "me-detection"];

/** `told`, if given, gets the ranking, each row with its cost, whenever it changes. */
function choosing(told) {
  const all = own("table").filter((row) => row.measure === "maximum"), found = rows("features");
  const regimes = choices(all, REGIME, regimeText);
  offer(byId("me-regime"), regimes);
  const tolerances = [...new Set(all.map((row) => row.tolerance))].sort((a, b) => b - a);
  offer(byId("me-tolerance"), tolerances.map((value) => [String(value), `${number(value)} ms`]));
  const names = [...new Set(found.map((row) => row.feature))];
  offer(byId("me-feature"), [["", "none"], ...names.map((name) => [name, name.replaceAll("_", " ")])]);
  offer(byId("me-detection"), [["", "any detection"], ...run.detections.map((name) => [name, name === "grid" ? "grid (spikes at the end of a step)" : name])]);
  const wanted = new URLSearchParams(location.hash.startsWith("#for-me?") ? location.hash.slice("#for-me?".length) : "");
  for (const id of CHOICES) {
    const value = wanted.get(id.slice(3));
    if (value !== null && [...byId(id).options].some((option) => option.value === value)) byId(id).value = value;
  }
  if (wanted.size) byId("for-me").scrollIntoView();

  const shows = (model, feature) => !feature || found.some((row) => row.feature === feature && row.outcome === "found" && (row.parameters ? `${row.model}:${row.parameters}` : row.model) === model);
  const isRound = (row) => row.error_control === null && row.round_dt_ms !== null;
  /** The cost at the dt that is shown: the largest round one that holds, if there is one. */
  const costOf = (row) => (isRound(row) ? row.round_flops_per_ms : row.flops_per_ms);

  function ranking() {
    const [regime, tolerance, feature, detection] = CHOICES.map((id) => byId(id).value);
    const best = new Map();
    for (const row of all) {
      if (row.flops_per_ms === null || keyOf(row, REGIME) !== regime || String(row.tolerance) !== tolerance || (detection && row.detection !== detection) || !shows(row.model, feature)) continue;
      if (!best.has(row.model) || costOf(row) < costOf(best.get(row.model))) best.set(row.model, row);
    }
    return [...best.values()].sort((a, b) => costOf(a) - costOf(b));
  }

  const dtOf = (row) => (isRound(row) ? number(row.round_dt_ms) : row.error_control === null ? said(row, "dt_ms") : `tolerance ${number(row.error_control)}`);

  /** A name as Python text: JSON texts are Python texts, too. */
  const quoted = (text) => JSON.stringify(text);

  function code(row) {
    const setting = row.error_control === null ? `dt=${isRound(row) ? row.round_dt_ms : row.dt_ms}*ms` : `tolerance=${row.error_control}`;
    return `import spikecost as sc\nfrom brian2 import ms\n\n# stimulus: for example sc.constant(...) or sc.ornstein_uhlenbeck(...)\nspikes = sc.simulate(${quoted(row.model)}, stimulus, method=${quoted(row.method)}, detection=${quoted(row.detection)}, ${setting})\n`;
  }

  const copy = byId("me-copy").textContent;

  function draw() {
    const ranked = ranking(), table = byId("me-table");
    const body = document.createElement("tbody");
    for (const row of ranked) {
      const line = body.insertRow();
      const texts = [row.model, row.method, row.detection, dtOf(row), isRound(row) ? number(row.round_flops_per_ms) : said(row, "flops_per_ms"), number(costOf(row) / costOf(ranked[0]))];
      texts.forEach((text, i) => { const cell = line.insertCell(); cell.textContent = text; cell.className = i > 2 ? "number" : ""; });
    }
    table.tBodies[0].replaceWith(body);
    table.hidden = !ranked.length;
    const lacking = run.models.filter((model) => !ranked.some((row) => row.model === model));
    byId("me-said").textContent = lacking.length ? `Not in the ranking: ${lacking.join(", ")} (not accurate enough with these choices, or without the feature).` : "";
    byId("me-copy").textContent = copy;
    byId("me-code").textContent = ranked.length ? code(ranked[0]) : "";
    const link = new URLSearchParams(CHOICES.map((id) => [id.slice(3), byId(id).value]));
    byId("me-link").href = `#for-me?${link}`;
    if (told) told(ranked.map((row) => ({ row, cost: costOf(row) })));
  }

  for (const id of CHOICES) byId(id).addEventListener("change", draw);
  byId("me-copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(byId("me-code").textContent);
    byId("me-copy").textContent = "copied";
  });
  draw();
}
