// topology.js — Who asks whom, as a drawing in layers: clients on top, what they lean on below.
//
//   1. a node's layer is the longest way to it from the clients
//   2. an arrow over several layers gets a bend in each, so that it goes around the boxes there
//   3. in each layer, nodes and bends are put in the order of those above that lead to them
//
// A box is filled up to its busiest second, and the mark at its side is the mean.

const box = {width: 140, height: 50, gapX: 16, gapY: 32, bend: 18};
const heights = {clients: 30, balancer: 36};
const heightOf = (node) => heights[node.kind] ?? box.height;
const isMany = (node) => Number(node.replicas_max ?? node.replicas) > 1;

// ---- Layers ----

function layerNodes(nodes, edges) {
  const layers = new Map(nodes.map((node) => [node.id, 0]));
  // Each pass moves nodes below who leads to them; a circle is cut after as many passes as nodes.
  for (let pass = 0; pass < nodes.length; pass++) {
    for (const [from, to] of edges) {
      if (layers.get(to) <= layers.get(from))
        layers.set(to, Math.min(layers.get(from) + 1, nodes.length));
    }
  }
  return layers;
}

// Rows of nodes and bends; each arrow as the list of what it goes through.
function rowsOf({nodes, edges}) {
  const layers = layerNodes(nodes, edges);
  const byId = new Map(nodes.map((node) => [node.id, {...node, above: []}]));
  const rows = [];
  const put = (thing, layer) => (rows[layer] ??= []).push(thing);
  byId.forEach((node, id) => put(node, layers.get(id)));
  const ways = edges.map(([from, to]) => {
    const way = [byId.get(from)];
    for (let layer = layers.get(from) + 1; layer < layers.get(to); layer++) {
      const bend = {kind: "bend", above: [way.at(-1)]};
      put(bend, layer);
      way.push(bend);
    }
    byId.get(to).above.push(way.at(-1));
    return [...way, byId.get(to)];
  });
  return {rows: rows.filter(Boolean), ways};
}

// ---- Places ----

const widthOf = (thing) => (thing.kind === "bend" ? box.bend : box.width);

function placeRow(row, y, width) {
  const middle = (thing) =>
    thing.above.length === 0
      ? width / 2
      : thing.above.reduce((sum, above) => sum + above.x, 0) / thing.above.length;
  row.sort((a, b) => middle(a) - middle(b));
  let x = (width - row.reduce((sum, thing) => sum + widthOf(thing) + box.gapX, -box.gapX)) / 2;
  const height = Math.max(...row.map((thing) => (thing.kind === "bend" ? 0 : heightOf(thing))));
  for (const thing of row) {
    Object.assign(thing, {
      x: x + widthOf(thing) / 2,
      y,
      height: thing.kind === "bend" ? height : heightOf(thing),
    });
    x += widthOf(thing) + box.gapX;
  }
  return height;
}

function place({rows}) {
  const width = Math.max(
    ...rows.map((row) => row.reduce((sum, thing) => sum + widthOf(thing) + box.gapX, box.gapX)),
  );
  let y = 10;
  for (const row of rows) y += placeRow(row, y, width) + box.gapY;
  return {width, height: y - box.gapY + 12};
}

// ---- Drawing ----

// Where an arrow ends: above the replicas that look out behind the first one.
const tipOf = (node) => node.y - (isMany(node) ? 4 : 0);

// Down out of each thing and down into the next; through a bend straight.
function drawWay(way) {
  const end = way.at(-1);
  const tip = tipOf(end);
  let path = `M${way[0].x},${way[0].y + way[0].height}`;
  way.slice(1).forEach((to, i) => {
    const from = way[i];
    const bottom = from.y + from.height;
    const half = (to.y - bottom) / 2;
    path += ` C${from.x},${bottom + half} ${to.x},${to.y - half}`;
    path += to === end ? ` ${to.x},${tip - 5}` : ` ${to.x},${to.y} V${to.y + to.height}`;
  });
  const arrow = `M${end.x - 4},${tip - 7} h8 L${end.x},${tip} Z`;
  return [draw("path", {class: "edge", d: path}), draw("path", {class: "arrow", d: arrow})];
}

const radius = {clients: 15, queue: 25, balancer: 6};

// Two halves of an ellipse, below and above, and the front half once more.
function drum({x, y, height}) {
  const half = box.width / 2;
  const arc = (turn, toX, toY) => `A${half},7 0 0 ${turn} ${toX},${toY}`;
  const [left, right, top, bottom] = [x - half, x + half, y + 7, y + height - 7];
  const back = `${arc(0, left, top)} ${arc(0, right, top)}`;
  return `M${left},${top} V${bottom} ${arc(0, right, bottom)} V${top} ${back}`;
}

// A table is a drum, as on every whiteboard; the others are boxes, more or less round.
function outline(node, attributes) {
  if (node.kind === "table") return draw("path", {...attributes, d: drum(node)});
  const {x, y, height} = node;
  const rx = radius[node.kind] ?? 8;
  return draw("rect", {...attributes, x: x - box.width / 2, y, width: box.width, height, rx});
}

const heat = (peak) => (peak >= 0.95 ? "full" : peak >= 0.7 ? "busy" : "calm");

function drawLevel(node, clip) {
  if (!Number.isFinite(node.utilization_peak)) return [];
  const left = node.x - box.width / 2;
  const heightAt = (busy) => node.height * Math.min(busy, 1);
  const height = heightAt(node.utilization_peak);
  const mean = node.y + node.height - heightAt(node.utilization);
  const level = draw("rect", {
    class: `level ${heat(node.utilization_peak)}`,
    "clip-path": `url(#${clip})`,
    x: left,
    y: node.y + node.height - height,
    width: box.width,
    height,
  });
  const marks = `M${left},${mean} h6 M${left + box.width},${mean} h-6`;
  return node.utilization > 0.03 ? [level, draw("path", {class: "mean", d: marks})] : [level];
}

const replicasOf = (node) =>
  node.autoscaled ? `×${node.scale_min}–${node.scale_max}` : `×${node.replicas}`;
const peakOf = ({utilization_peak: peak}) =>
  Number.isFinite(peak) ? `${say("peak")} ${share(peak)}` : "";

function secondLine(node) {
  switch (node.kind) {
    case "clients":
      return "";
    case "balancer":
      return node.policy ?? "";
    case "queue":
      return `${say("lag_max")} ${number(node.lag_max)}`;
    case "service":
    case "worker":
      return [replicasOf(node), peakOf(node)].filter(Boolean).join(" · ");
    default:
      return peakOf(node);
  }
}

function nameOf(node) {
  const name = {clients: say("clients"), balancer: say("balancer")}[node.kind] ?? node.id;
  return name.length > 17 ? `${name.slice(0, 16)}…` : name;
}

// All that is known of it, for the pointer and for a screen reader.
function wordsOf(node) {
  const words = [node.id];
  if (Number.isFinite(node.utilization)) words.push(`${say("mean")} ${share(node.utilization)}`);
  if (peakOf(node)) words.push(peakOf(node));
  if (node.replicas !== undefined) {
    words.push(replicasOf(node), `${say("cores")}: ${node.cores}`);
  }
  if (node.autoscaled) words.push(say("autoscaler"));
  if (node.bottleneck) words.push(say("bottleneck"));
  if (node.faults > 0) words.push(`${say("faults")}: ${node.faults}`);
  return words.join(", ");
}

// A bolt for faults, two arrows for an autoscaler, at the right upper corner.
function drawMarks(node) {
  const shapes = [];
  if (node.faults > 0) shapes.push(["bolt", "M7,0 L1,9 H6 L4,16 L11,6 H6 L9,0 Z"]);
  if (node.autoscaled)
    shapes.push(["scaler", "M4,14 V3 M1,6 L4,2.5 L7,6 M10,2 V13 M7,10 L10,13.5 L13,10"]);
  const right = node.x + box.width / 2 - 12;
  return shapes.map(([name, d], i) =>
    draw("path", {class: name, transform: `translate(${right - i * 18},${node.y - 8})`, d}),
  );
}

// The replicas behind the first one.
function drawBehind(node) {
  if (!isMany(node)) return [];
  const [x, y] = [node.x - box.width / 2 + 5, node.y - 4];
  return [draw("rect", {class: "behind", x, y, width: box.width, height: node.height, rx: 8})];
}

function drawTexts(node) {
  const {x, y, height} = node;
  const second = secondLine(node);
  const middle = y + height / 2 + (node.kind === "table" ? 4 : 0);
  const texts = [
    draw("text", {class: "name", x, y: middle + (second ? -3 : 4)}, nameOf(node)),
    draw("text", {class: "detail", x, y: middle + 12}, second),
  ];
  const flag = {class: "flag", x: x - box.width / 2, y: y - 8};
  return node.bottleneck ? [...texts, draw("text", flag, say("bottleneck"))] : texts;
}

function drawNode(node, clip) {
  const name = `node ${node.kind}${node.bottleneck ? " bottleneck" : ""}`;
  return draw(
    "g",
    {class: name, "data-node": node.id},
    draw("title", {}, wordsOf(node)),
    draw("clipPath", {id: clip}, outline(node, {})),
    ...drawBehind(node),
    outline(node, {class: "ground"}),
    ...drawLevel(node, clip),
    outline(node, {class: "shape"}),
    ...drawTexts(node),
    ...drawMarks(node),
  );
}

function drawTopology(figure, index) {
  const plan = rowsOf(variants[index].topology);
  const {width, height} = place(plan);
  const nodes = plan.rows.flat().filter((thing) => thing.kind !== "bend");
  const label = `${say("topology")}: ${nodes.map(wordsOf).join(". ")}`;
  figure.replaceChildren(
    draw(
      "svg",
      {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label},
      ...plan.ways.flatMap(drawWay),
      ...nodes.map((node, i) => drawNode(node, `clip-${index}-${i}`)),
    ),
  );
}

const drawTopologies = () =>
  places("topology").forEach((figure) => drawTopology(figure, Number(figure.dataset.variant)));
