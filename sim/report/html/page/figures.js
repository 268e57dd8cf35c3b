// figures.js — Numbers as people read them: the rules of sim/measure/figure.c, for what is drawn.
//
// Three digits that matter; "1,234.5 ms" in English, "1 234,5 мс" in Russian. What stands in the
// tables was written by figure.c itself.

const marks = {
  en: {group: ",", point: ".", percent: "%", units: ["µs", "ms", "s", "min"], rate: "/s"},
  ru: {
    group: "\u00a0",
    point: ",",
    percent: "\u00a0%",
    units: ["мкс", "мс", "с", "мин"],
    rate: "/с",
  },
};

function digits(value, decimals) {
  const {group, point} = marks[language()];
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const rest = (part ?? "").replace(/0+$/, "");
  const sign = value < 0 && (Number(whole) > 0 || rest) ? "−" : "";
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, group) + (rest && point + rest);
}

const decimalsOf = (size) => (size < 9.995 ? 2 : size < 99.95 ? 1 : 0);

function number(value) {
  return Number.isFinite(value) ? digits(value, decimalsOf(Math.abs(value))) : "—";
}

function milliseconds(ms) {
  if (!Number.isFinite(ms)) return "—";
  const [factor, unit] =
    ms <= 0 || (ms >= 0.9995 && ms < 999.5)
      ? [1, 1]
      : ms < 1
        ? [1e3, 0]
        : ms < 600e3
          ? [1e-3, 2]
          : [1 / 60e3, 3];
  return `${number(ms * factor)}\u00a0${marks[language()].units[unit]}`;
}

// A share above nothing never reads 0, and one below everything never reads 100.
function share(value) {
  if (!Number.isFinite(value)) return "—";
  const percent = value * 100;
  const decimals = percent > 99 && percent < 100 ? 1 : percent < 0.9995 ? 3 : decimalsOf(percent);
  const tiny = value > 0 && Number(percent.toFixed(decimals)) === 0;
  const text = tiny
    ? `<${digits(0.001, 3)}`
    : digits(percent < 100 ? Math.min(percent, 99.9) : percent, decimals);
  return text + marks[language()].percent;
}

const rate = (value) => number(value) + (Number.isFinite(value) ? marks[language()].rate : "");

// Minor units, without the currency.
const money = (minor) =>
  digits(minor / 100, Math.abs(minor) < 99999.5 && minor % 100 !== 0 ? 2 : 0);
