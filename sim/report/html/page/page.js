// page.js — Draws everything once, and again when the language, the width or the theme changes.

function drawAll() {
  drawTopologies();
  drawCharts();
  drawAllBars();
  drawEverything();
}

// A button in the other language's own words.
function languageSwitch() {
  const button = make("button", {type: "button", class: "language"});
  const name = () => {
    button.lang = language() === "ru" ? "en" : "ru";
    button.textContent = say("other");
  };
  button.addEventListener("click", () => {
    document.documentElement.lang = button.lang;
    document.title = document.querySelector(`header [lang=${language()}] h1`).textContent;
    name();
    drawAll();
  });
  name();
  return make("div", {class: "switch"}, button);
}

// Paper is white, whatever the screen is.
function printInLight(isPrinting) {
  document.documentElement.toggleAttribute("data-paper", isPrinting);
  repaintCharts();
}

document.querySelector("header").prepend(languageSwitch());
document
  .querySelectorAll("[data-needs-script]")
  .forEach((element) => element.removeAttribute("hidden"));
drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaintCharts);
addEventListener("beforeprint", () => printInLight(true));
addEventListener("afterprint", () => printInLight(false));
new ResizeObserver(fitCharts).observe(document.querySelector("main"));
