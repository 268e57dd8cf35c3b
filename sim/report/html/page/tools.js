// tools.js — What every other script uses: the data, words, colours, elements.
//
// The scripts of this folder are joined, in the order of assemble.cmake, into one scope; nothing is
// global. They read the JSON document of html_data.c and draw into the places that html_body.c
// left: elements with data-draw. Text reaches the page as text nodes only, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);

// Each variant: what html_data.c says of it, and its figures as `result`.
const variants = data.variants.map((variant, i) => ({...variant, result: data.report.variants[i]}));

const language = () => document.documentElement.lang;
const say = (key) => data.words[language()][key] ?? key;
const color = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const places = (what) => document.querySelectorAll(`[data-draw="${what}"]`);

// As html_text.c does: what could turn the direction of a line is shown, not obeyed.
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const shown = (text) => String(text).replace(unsafe, "\ufffd");

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, shown(value));
  }
  element.append(...children.map((child) => (child instanceof Node ? child : shown(child))));
  return element;
}

// make("p", {class: "dim"}, "text", otherElement)
const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
