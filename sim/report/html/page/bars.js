// bars.js — One bar for each variant: how requests were lost, and what became of the money.

const causes = [
  ...Object.keys(variants[0].result.requests.failed),
  "unanswered",
  "late",
];

// rows: [{name, parts: [{word, at, value, text}], note}], at and value in one unit for all. words:
// of the legend, in their order; noteWord: what the notes at the right are.
function drawBars(figure, rows, words, noteWord) {
  const parts = rows.flatMap((row) => row.parts);
  if (parts.length === 0) return figure.replaceChildren(); // No loss: the text says so.
  const ends = parts.flatMap(({at, value}) => [at, at + value]);
  const range = {from: Math.min(0, ...ends), to: Math.max(0, ...ends)};
  const used = words.filter((word) => parts.some((part) => part.word === word));
  const chips = used.map((word) =>
    make("span", {class: "item"}, make("i", {class: `chip ${word}`}), say(word)),
  );
  const note = make("span", {class: "note"}, say(noteWord));
  figure.replaceChildren(
    make("figcaption", {class: "legend"}, ...chips, note),
    ...rows.map((row) => drawBar(row, range)),
  );
}

function drawBar({name, parts, note}, {from, to}) {
  const [width, height] = [1000, 20];
  const scale = (value) => ((value - from) / (to - from || 1)) * width;
  const words = parts.map((part) => `${say(part.word)} ${part.text}`);
  const rects = parts.map(({word, at, value}, i) =>
    draw(
      "rect",
      {class: word, x: scale(at), y: 0, width: scale(at + value) - scale(at), height},
      draw("title", {}, words[i]),
    ),
  );
  const box = {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img"};
  return make(
    "div",
    {class: "bar"},
    make("bdi", {class: "name"}, name),
    draw("svg", {...box, "aria-label": `${name}: ${words.join(", ") || note}`}, ...rects),
    make("span", {class: "note"}, note),
  );
}

// Lays parts end to end from `start`, those of nothing left out.
function stack(parts, start = 0) {
  let at = start;
  return parts
    .filter((part) => part.value > 0)
    .map((part) => {
      at += part.value;
      return {...part, at: at - part.value};
    });
}

function drawFailures(figure) {
  const rows = variants.map(({name, result: {requests}}) => {
    const counts = {...requests.failed, late: requests.late};
    const all = requests.offered || 1;
    const parts = causes.map((cause) => ({
      word: cause,
      value: (counts[cause] ?? 0) / all,
      text: share((counts[cause] ?? 0) / all),
    }));
    const lost = parts.reduce((sum, part) => sum + part.value, 0);
    return {name, parts: stack(parts), note: lost > 0 ? share(lost) : "·"};
  });
  drawBars(figure, rows, causes, "of_requests");
}

// Profit and costs make up the revenue, whatever it is made of; what was forgone would have come
// on top. A loss goes to the left.
function drawMoney(figure) {
  const rows = variants.map(({name, result: {money: sums}}) => {
    const costs = Math.max(sums.revenue - Math.max(sums.profit, 0), 0);
    const part = (word, value) => ({word, value, text: money(value)});
    const right = stack([
      part("profit", sums.profit),
      part("costs", costs),
      part("forgone", sums.lost),
    ]);
    const loss = sums.profit < 0 ? [{...part("loss", -sums.profit), at: sums.profit}] : [];
    return {name, parts: [...loss, ...right], note: money(sums.profit)};
  });
  drawBars(figure, rows, ["loss", "profit", "costs", "forgone"], "profit");
}

function drawAllBars() {
  places("failures").forEach(drawFailures);
  places("money").forEach(drawMoney);
}
