// everything.js — The whole document as a table: a line for each figure, a column for each variant.
//
// Whatever json.c writes is here without a line of its own, in the document's own keys and units.
// Lines in which no variant has anything but nothing are left out, as are lists.

function flatten(value, path, into) {
  if (Array.isArray(value)) return;
  if (value !== null && typeof value === "object") {
    for (const [key, inner] of Object.entries(value))
      flatten(inner, path ? `${path}.${key}` : key, into);
    return;
  }
  into.set(path, value);
}

function drawEverything() {
  const columns = variants.map(({result: {series, ci, ...figures}}) => {
    const flat = new Map();
    flatten(figures, "", flat);
    return flat;
  });
  const paths = [...new Set(columns.flatMap((column) => [...column.keys()]))].filter(
    (path) => path !== "name" && columns.some((column) => Boolean(column.get(path))),
  );
  const cell = (value) => {
    const isNumber = typeof value === "number";
    const text =
      value === undefined || value === null
        ? "—"
        : isNumber && !Number.isInteger(value)
          ? Number(value.toPrecision(6))
          : value;
    return make("td", {class: isNumber ? "" : "text"}, String(text));
  };
  const table = make(
    "table",
    {class: "everything"},
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", {scope: "col"}, say("figure")),
        ...variants.map(({name}) => make("th", {scope: "col"}, make("bdi", {}, name))),
      ),
    ),
    make(
      "tbody",
      {},
      ...paths.map((path) =>
        make(
          "tr",
          {},
          make("th", {scope: "row"}, path),
          ...columns.map((column) => cell(column.get(path))),
        ),
      ),
    ),
  );
  places("figures").forEach((place) =>
    place.replaceChildren(
      make(
        "div",
        {class: "scroll", tabindex: 0, role: "region", "aria-label": say("figure")},
        table,
      ),
    ),
  );
}
