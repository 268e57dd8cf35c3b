// charts.js — Each variant second by second: rates, latency bands, what waits, replicas.
//
// All charts have one time axis and, kind by kind, one scale, so that a glance down a column
// compares the designs. A cursor in one chart is a cursor in all of them; arrow keys move it. The
// line of names above a chart says the values at the cursor, or the highest where there is none.
//
// Latencies and what waits differ by powers of ten between designs, so their axes are logarithmic
// until the reader asks for straight ones. What waits may be nothing, which has no logarithm: its
// axis is the inverse hyperbolic sine, a straight line near 0 and a logarithm further up.
//
// Of sim run --both the lines are what was measured; what was simulated is dotted over them.

const kinds = [
  {
    name: "rates",
    format: rate,
    lines: [
      {from: "offered_rps", word: "offered", color: "offered", dash: [4, 3], isGiven: true},
      {from: "ok_rps", word: "ok", color: "ok", fill: "1f"},
      {from: "failed_rps", word: "failed", color: "failed", fill: "66"},
    ],
  },
  {
    name: "latency",
    format: milliseconds,
    bent: {distr: 3, log: 10},
    lines: [
      {from: "p50_ms", label: "p50", color: "latency", width: 2},
      {from: "p95_ms", label: "p95", color: "latency"},
      {from: "p99_ms", label: "p99", color: "latency", dash: [4, 3]},
    ],
    bands: [
      {series: [2, 1], alpha: "59"},
      {series: [3, 2], alpha: "2e"},
    ],
  },
  {
    name: "waiting",
    format: number,
    counts: true,
    bent: {distr: 4, asinh: 1},
    lines: [
      {from: "queue", word: "queue", color: "queue", fill: "33"},
      {from: "lag", word: "lag", color: "lag", dash: [4, 3]},
    ],
  },
  {
    name: "replicas",
    format: number,
    counts: true,
    lines: [{from: "replicas", word: "ready", color: "replicas", steps: true}],
  },
];

const syncKey = "sim";
const wholeSteps = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
);
let charts = []; // Of uPlot, in the order in which they stand on the page.
let isLog = true;

const isBent = (kind) => kind.bent !== undefined && isLog;
const seriesOf = (variant) => variant.result.series;
const labelOf = (line) => line.label ?? say(line.word);
// Of nothing but null, NaN: where nothing was answered there is no latency.
const highest = (values) =>
  values.reduce((high, value) => (value === null || value < high ? high : value), NaN);
const isUsed = (line, variant) => line.from !== "lag" || variant.result.queue !== null;
const linesOf = (kind, variant) => kind.lines.filter((line) => isUsed(line, variant));
const hasTwin = (line, variant) => variant.simulated !== undefined && !line.isGiven;
const twinsOf = (kind, variant) =>
  linesOf(kind, variant).filter((line) => hasTwin(line, variant));

function secondsOf(variant) {
  const {from_s: from, step_s: step, offered_rps: values} = seriesOf(variant);
  return values.map((_, i) => from + i * step);
}

// What all variants together need, from bottom to top; worked out once, for all charts of a kind.
function rangeOf(kind) {
  let [lowest, top] = [Infinity, 0];
  const take = (value) => {
    if (value > top) top = value;
    if (value > 0 && value < lowest) lowest = value; // Neither null nor NaN is above 0.
  };
  for (const variant of variants) {
    for (const {from} of kind.lines) seriesOf(variant)[from].forEach(take);
    for (const {from} of twinsOf(kind, variant)) variant.simulated[from].forEach(take);
    if (kind.name === "latency") take(variant.p99_bound_ms);
  }
  if (top === 0) return [kind.bent?.distr === 3 ? 0.1 : 0, 1];
  if (!isBent(kind)) return [0, top * 1.06];
  return [kind.bent.distr === 4 ? 0 : lowest / 1.5, top * 1.5];
}

// ---- What is drawn beside the lines ----

function stripe(u, fromX, toX, paint) {
  const {left, top, width, height} = u.bbox;
  const clamp = (x) => Math.min(Math.max(u.valToPos(x, "x", true), left), left + width);
  u.ctx.save();
  u.ctx.fillStyle = paint;
  u.ctx.fillRect(clamp(fromX), top, Math.max(clamp(toX) - clamp(fromX), 1), height);
  u.ctx.restore();
}

function level(u, value, paint) {
  const y = u.valToPos(value, "y", true);
  u.ctx.save();
  u.ctx.strokeStyle = paint;
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  u.ctx.beginPath();
  u.ctx.moveTo(u.bbox.left, y);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
  u.ctx.stroke();
  u.ctx.restore();
}

// ---- One chart ----

const chipOf = (line) =>
  line.fill ? "" : line.dash ? "dashed" : line.width > 1 ? "thick" : "thin";

// "1,450/s", or "1,450/s ⋅ 1,448/s" where it was measured and simulated.
function valuesOf(kind, variant, line, pick) {
  const series = [seriesOf(variant), ...(hasTwin(line, variant) ? [variant.simulated] : [])];
  return series.map((all) => kind.format(pick(all[line.from]))).join(" ⋅ ");
}

const whatOf = (when, variant) =>
  variant.simulated ? `${say(when)}, ${say("measured")} ⋅ ${say("simulated")}` : say(when);

// The names of the lines with their values; returned with the function that writes the values.
function legendOf(kind, variant) {
  const lines = linesOf(kind, variant);
  const when = make("span", {class: "when"});
  const values = lines.map(() => make("span", {class: "value"}));
  const items = lines.map((line, i) =>
    make(
      "span",
      {class: "item"},
      make("i", {class: `chip ${line.color} ${chipOf(line)}`}),
      `${labelOf(line)} `,
      values[i],
    ),
  );
  const write = (index) => {
    const isAway = index === null || index === undefined;
    const pick = isAway ? highest : (all) => all[index] ?? NaN;
    when.textContent = isAway
      ? whatOf("highest", variant)
      : `${number(secondsOf(variant)[index])} ${whatOf("seconds", variant)}`;
    lines.forEach((line, i) => {
      values[i].textContent = valuesOf(kind, variant, line, pick);
    });
  };
  write(null);
  return {
    write,
    caption: make(
      "figcaption",
      {},
      make("div", {class: "kind"}, make("span", {}, say(kind.name)), when),
      make("div", {class: "legend"}, ...items),
    ),
  };
}

function seriesOptions(line) {
  return {
    label: labelOf(line),
    stroke: () => color(line.color),
    fill: line.fill && (() => color(line.color) + line.fill),
    width: line.width ?? 1.25,
    dash: line.dash,
    paths: line.steps ? uPlot.paths.stepped({align: 1}) : undefined,
    points: {show: false},
  };
}

const twinOptions = (line) => ({...seriesOptions(line), fill: undefined, width: 2, dash: [1, 5]});

// On a bent axis powers of ten alone, and of what begins at 0 not the 1 right above it.
function isMarked(value, {distr}) {
  if (distr === 4 && value <= 1) return value === 0;
  return Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6);
}

function axesOf(kind) {
  const marked = (u, splits) => splits.map((value) => (isMarked(value, kind.bent) ? value : null));
  const filter = isBent(kind) ? {filter: marked} : {};
  const common = {
    stroke: () => color("dim"),
    font: '11px system-ui, "Segoe UI", sans-serif',
    grid: {stroke: () => color("grid"), width: 1},
    ticks: {show: false},
  };
  return [
    {
      ...common,
      size: 22,
      gap: 4,
      space: 48,
      values: (u, splits) => splits.map((at) => `${number(at)} ${say("seconds")}`),
    },
    {
      ...common,
      size: 60,
      gap: 4,
      space: 26,
      ...filter,
      grid: {...common.grid, ...filter},
      ...(kind.counts && !isBent(kind) ? {incrs: wholeSteps} : {}),
      values: (u, splits) => splits.map((value) => (value === null ? "" : kind.format(value))),
    },
  ];
}

// What lies behind the lines, and the bound that the latencies are held to.
function hooksOf(kind, variant, write) {
  const bound = kind.name === "latency" ? variant.p99_bound_ms : null;
  return {
    setCursor: [(u) => write(u.cursor.idx)],
    drawClear: [
      (u) => variant.faults.forEach(({from_s, to_s}) => stripe(u, from_s, to_s, color("fault"))),
    ],
    draw: bound === null ? [] : [(u) => level(u, bound, color("bad"))],
  };
}

function optionsOf(kind, variant, range, write) {
  return {
    width: 280, // Until fitCharts.
    height: 132,
    padding: [6, 8, 0, 0],
    legend: {show: false},
    cursor: {
      sync: {key: syncKey, setSeries: false},
      y: false,
      points: {size: 6},
      drag: {x: true, y: false, setScale: true},
    },
    scales: {x: {time: false}, y: {range: () => range, ...(isBent(kind) ? kind.bent : {})}},
    axes: axesOf(kind),
    series: [
      {},
      ...linesOf(kind, variant).map(seriesOptions),
      ...twinsOf(kind, variant).map(twinOptions),
    ],
    bands: (kind.bands ?? []).map(({series, alpha}) => ({
      series,
      fill: () => `${color("latency")}${alpha}`,
    })),
    hooks: hooksOf(kind, variant, write),
  };
}

// In words, for who cannot see it.
function describe(kind, variant) {
  const peaks = linesOf(kind, variant).map(
    (line) => `${labelOf(line)} ${valuesOf(kind, variant, line, highest)}`,
  );
  return `${variant.name}. ${say(kind.name)}. ${whatOf("highest", variant)}: ${peaks.join(", ")}`;
}

function addChart(row, kind, range, variant) {
  const legend = legendOf(kind, variant);
  const canvas = make("div", {
    class: "canvas",
    tabindex: 0,
    role: "img",
    "aria-label": describe(kind, variant),
  });
  row.append(make("figure", {class: "chart", "data-kind": kind.name}, legend.caption, canvas));
  const seconds = secondsOf(variant);
  const values = linesOf(kind, variant).map((line) => seriesOf(variant)[line.from]);
  const twins = twinsOf(kind, variant).map(({from}) =>
    seconds.map((_, i) => variant.simulated[from][i] ?? null),
  );
  const options = optionsOf(kind, variant, range, legend.write);
  const chart = new uPlot(options, [seconds, ...values, ...twins], canvas);
  canvas.addEventListener("keydown", (event) => moveByKey(event, chart));
  canvas.addEventListener("blur", () => moveAll(null));
  charts.push(chart);
}

// ---- All of them ----

// To the second with this index; null: away.
function moveAll(index) {
  for (const chart of charts) {
    const seconds = chart.data[0];
    const x = index === null ? undefined : seconds[Math.min(index, seconds.length - 1)];
    const left = x === undefined ? -10 : chart.valToPos(x, "x");
    chart.setCursor({left, top: left < 0 ? -10 : 10}, true, false);
  }
}

function moveByKey(event, chart) {
  const last = chart.data[0].length - 1;
  const now = chart.cursor.idx ?? -1;
  const to = {
    ArrowRight: Math.min(now + 1, last),
    ArrowLeft: Math.max(now - 1, 0),
    Home: 0,
    End: last,
    Escape: null,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  moveAll(to);
}

function scaleSwitch() {
  const button = (log) => {
    const element = make(
      "button",
      {type: "button", "aria-pressed": String(isLog === log)},
      say(log ? "log" : "linear"),
    );
    element.addEventListener("click", () => {
      isLog = log;
      drawCharts();
      places("charts")[0].querySelector(".scale [aria-pressed=true]").focus();
    });
    return element;
  };
  return make(
    "div",
    {class: "scale", role: "group", "aria-label": say("scales")},
    `${say("scales")}: `,
    button(false),
    button(true),
  );
}

function headOf(variant) {
  const [name, mark] = variant.expected ? ["good", "✓"] : ["bad", "✗"];
  return make(
    "h3",
    {},
    make("span", {class: `mark ${name}`}, mark),
    " ",
    make("bdi", {}, variant.name),
  );
}

function drawCharts() {
  const [place] = places("charts");
  const ranges = kinds.map(rangeOf);
  charts.forEach((chart) => chart.destroy());
  charts = [];
  place.replaceChildren(scaleSwitch());
  for (const variant of variants) {
    const row = make("div", {class: "charts"});
    place.append(
      make("section", {class: "variant", "data-variant": variant.name}, headOf(variant), row),
    );
    kinds.forEach((kind, i) => addChart(row, kind, ranges[i], variant));
  }
  fitCharts();
}

function fitCharts() {
  for (const chart of charts) {
    const width = chart.root.parentElement.clientWidth;
    if (width > 0 && width !== chart.width) chart.setSize({width, height: chart.height});
  }
}

// Colours are read while drawing, so a change of theme needs no more than this.
const repaintCharts = () => charts.forEach((chart) => chart.redraw(false, true));
