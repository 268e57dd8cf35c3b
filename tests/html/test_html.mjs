// test_html.mjs — What a browser makes of `sim run --html`: real runs in headless Chromium.
//
// Two shipped scenarios and a hostile one are run by the program in SIM, with --json beside --html,
// and their pages opened from disk. Every request but the page's own is blocked and counted; a word
// on the console is a failure. Figures are held against the JSON document of the same run. Skipped,
// with exit code 77, where there is no program, no Chromium or no playwright-core (npm brings it).

import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {after, before, describe, test} from "node:test";

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(77);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const sim = process.env.SIM ?? "";
const source = process.env.SOURCE_DIR ?? ".";
const chromium = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && isProgram(path));
if (!isProgram(sim)) skip("SIM names no program");
if (chromium === undefined) skip("there is no chromium (apt install chromium)");
const playwright = await import(`${process.env.PLAYWRIGHT}/index.mjs`).catch(() =>
  skip("there is no playwright-core: npm could not bring it when this build was configured"),
);

// A title cannot end its element, nor the data theirs; Hebrew letters are letters like others.
const hostileTitle =
  "</script><script>window.hacked = 1</script>" +
  `<img src=x onerror="window.hacked = 2"> <!-- "q" 'q' &amp; שלום`;
const hostile = `
version: 1
name: hostile
title: {en: ${JSON.stringify(hostileTitle)}, ru: ${JSON.stringify(`ру ${hostileTitle}`)}}
question: {en: "</title></style><b>bold</b>", ru: "]]>"}
seed: 1
duration: 5s
load: [{rate: 50/s}]
services: {server: {steps: [{compute: 5ms}]}}
thresholds: [latency.p99 < 1s]
variants:
  one: {title: {en: "<u>one</u>", ru: "{{один}}"}, expect: pass}
  two: {expect: pass, services: {server: {cores: 2}}}
faults: [{at: 2s, for: 1s, kind: pause, target: server}]
`;

// Short, since real processes serve it.
const measured = `
version: 1
name: measured
duration: 6s
load: [{rate: 100/s}]
services: {server: {replicas: 2, cores: 2, steps: [{compute: 5ms}]}}
`;

const folder = mkdtempSync(join(tmpdir(), "sim-html-"));
const pages = {};
const calibration = join(source, "config/cloud.yaml");
let browser;

// The page and the document of one run.
function run(name, file, ...options) {
  const html = join(folder, `${name}.html`),
    json = join(folder, `${name}.json`);
  const done = spawnSync(sim, ["run", file, "--html", html, `--json=${json}`, "-q", ...options], {
    encoding: "utf8",
  });
  if (done.status === 2 && done.stderr.includes("uPlot")) skip("this build has no chart library");
  assert.ok([0, 99].includes(done.status), `sim run ${file}: ${done.status} ${done.stderr}`);
  pages[name] = {url: `file://${html}`, html, document: JSON.parse(readFileSync(json, "utf8"))};
}

// The page of a --both run, as if nothing had been simulated.
function withoutTwins(both, name) {
  const html = join(folder, `${name}-alone.html`);
  const whole = readFileSync(pages[both].html, "utf8");
  assert.match(whole, /"simulated":/);
  writeFileSync(html, whole.replaceAll('"simulated":{', '"not_drawn":{'));
  pages[name] = {...pages[both], url: `file://${html}`, html};
}

// Opens a page, and tells in `heard` what it asked for and what it said.
async function open(name, options = {}) {
  const context = await browser.newContext({viewport: {width: 1440, height: 900}, ...options});
  const heard = {asked: [], said: []};
  await context.route("**/*", (route) => {
    if (route.request().url() === pages[name].url) return route.continue();
    heard.asked.push(route.request().url());
    return route.abort();
  });
  context.setDefaultTimeout(120_000); // The machine may be busy.
  const page = await context.newPage();
  page.on("console", (message) => heard.said.push(message.text()));
  page.on("pageerror", (error) => heard.said.push(String(error)));
  await page.goto(pages[name].url);
  return {page, heard, close: () => context.close()};
}

// Runs a test's body on an open page, and closes it whatever happens.
const on = (name, body, options) => async () => {
  const opened = await open(name, options);
  try {
    await body(opened.page, opened.heard, pages[name].document);
  } finally {
    await opened.close();
  }
};

// The same on a page that is left as it was found, and lent to the next test.
const lent = {};
const reading = (name, body) => async () => {
  lent[name] ??= await open(name);
  await body(lent[name].page, lent[name].heard, pages[name].document);
};

const texts = (page, selector) => page.locator(selector).allTextContents();
const shown = (page, selector) => page.locator(`:is(${selector}):visible`).allTextContents();

// "1,234 ms" -> 1234, "2.31 s" -> 2310, "20.4%" -> 0.204
function valueOf(text) {
  const number = Number(text.replace(/[^\d.−-]/g, "").replace("−", "-"));
  const scale =
    /\bs$/.test(text) && !text.includes("/s")
      ? 1000
      : /µs$/.test(text)
        ? 1e-3
        : text.includes("%")
          ? 0.01
          : 1;
  return number * scale;
}

// Three digits are shown.
const isNear = (text, value) => Math.abs(valueOf(text) - value) <= Math.abs(value) * 0.006 + 1e-9;

before(async () => {
  writeFileSync(join(folder, "hostile.yaml"), hostile);
  run("spike", join(source, "scenarios/spike.yaml"));
  run("likes", join(source, "scenarios/likes.yaml"), "--lang", "ru");
  writeFileSync(join(folder, "measured.yaml"), measured);
  run("both", join(folder, "measured.yaml"), "--both", "--calibration", calibration);
  run("virtual", join(folder, "measured.yaml"), "--calibration", calibration);
  withoutTwins("both", "measured");
  run(
    "hostile",
    join(folder, "hostile.yaml"),
    "--set",
    "x-note=</script>\u2028\u202eevil<img src=x>",
  );
  browser = await playwright.chromium.launch({
    executablePath: chromium,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

after(async () => {
  await browser?.close();
  rmSync(folder, {recursive: true, force: true});
});

for (const name of ["spike", "likes", "hostile"]) {
  describe(name, () => {
    test(
      "the page asks the network for nothing and complains of nothing",
      on(name, async (page, heard) => {
        await page.locator("button.language").click();
        await page.locator(".canvas").first().hover();
        await page.locator("summary").click();
        assert.deepEqual(heard, {asked: [], said: []});
      }),
    );

    test(
      "every variant has a card, charts, and a place in every table",
      reading(name, async (page, heard, document) => {
        const names = document.variants.map((variant) => variant.name);
        assert.equal(await page.locator(".card").count(), names.length);
        assert.deepEqual(await texts(page, ".variant h3 bdi"), names);
        for (const table of await page.locator("main table:not(.everything)").all()) {
          const heads = names.length > 4 ? "tbody th bdi" : "thead th bdi"; // As in a terminal.
          assert.deepEqual(await table.locator(heads).allTextContents(), names);
        }
      }),
    );

    test(
      "every chart of every variant has its lines drawn in it",
      reading(name, async (page) => {
        const empty = await page.evaluate(() => {
          const colors = {
            rates: ["ok", "failed"],
            latency: ["latency"],
            waiting: ["queue", "lag"],
            replicas: ["replicas"],
          };
          const rgb = (name) =>
            getComputedStyle(document.documentElement)
              .getPropertyValue(`--${name}`)
              .trim()
              .match(/[0-9a-f]{2}/g)
              .map((digits) => parseInt(digits, 16));
          const pixelsOf = (chart) => {
            const canvas = chart.querySelector("canvas");
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let pixels = 0;
            for (let at = 0; at < data.length; at += 4) {
              pixels += colors[chart.dataset.kind].some(
                (name) =>
                  data[at + 3] > 120 &&
                  rgb(name).every((part, i) => Math.abs(part - data[at + i]) < 24),
              );
            }
            return pixels;
          };
          return [...document.querySelectorAll(".chart")]
            .filter((chart) => pixelsOf(chart) < 10)
            .map((chart) => `${chart.closest(".variant").dataset.variant} ${chart.dataset.kind}`);
        });
        assert.deepEqual(empty, []);
        assert.equal((await page.locator(".chart").count()) % 4, 0);
      }),
    );

    test(
      "each drawing marks the bottleneck that the document names",
      reading(name, async (page, heard, document) => {
        for (const [i, variant] of document.variants.entries()) {
          const marked = await page
            .locator(`[data-draw=topology][data-variant="${i}"] .bottleneck`)
            .evaluateAll((nodes) => nodes.map((node) => node.dataset.node));
          assert.deepEqual(
            marked,
            variant.bottleneck.component === "none" ? [] : [variant.bottleneck.component],
          );
        }
      }),
    );

    for (const width of [360, 768, 1440]) {
      test(
        `nothing is wider than a screen of ${width} pixels, in either language`,
        reading(name, async (page) => {
          await page.setViewportSize({width, height: 900});
          for (let language = 0; language < 2; language++) {
            await page.locator("button.language").click();
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
            assert.ok((await page.locator(".canvas").first().boundingBox()).width > 0.15 * width);
          }
        }),
      );
    }
  });
}

describe("what is said", () => {
  test(
    "the tables say what the JSON document says",
    reading("spike", async (page, heard, document) => {
      const column = (head) =>
        page.evaluate((wanted) => {
          for (const table of [...document.querySelectorAll("[lang=en] table")]) {
            const at = [...table.querySelectorAll("thead th")].findIndex(
              (th) => th.textContent === wanted,
            );
            if (at >= 0)
              return [...table.querySelectorAll("tbody tr")].map(
                (row) => row.querySelectorAll("td")[at].textContent,
              );
          }
          return [];
        }, head);
      const hold = async (head, value) => {
        const said = await column(head);
        assert.equal(said.length, document.variants.length, head);
        document.variants.forEach((variant, i) =>
          assert.ok(
            isNear(said[i], value(variant)),
            `${variant.name} ${head}: ${said[i]}, ${value(variant)}`,
          ),
        );
      };
      await hold("latency.p99 < 300ms", (variant) => variant.latency_ms.p99);
      await hold("goodput (in time)", (variant) => variant.goodput_rps);
      await hold("latency p50", (variant) => variant.latency_ms.p50);
      await hold("revenue", (variant) => variant.money.revenue / 100);
      await hold("profit", (variant) => variant.money.profit / 100);
    }),
  );

  test(
    "the table of all figures has the document's own numbers",
    on("spike", async (page, heard, document) => {
      await page.locator("summary").click();
      const row = page.locator(".everything tr", {
        has: page.locator("th", {hasText: /^requests\.offered$/}),
      });
      assert.deepEqual(
        (await row.locator("td").allTextContents()).map(Number),
        document.variants.map((variant) => variant.requests.offered),
      );
    }),
  );

  test(
    "a table of connections that are all taken is drawn full",
    reading("likes", async (page) => {
      assert.equal(
        await page.locator('[data-variant="2"] [data-node=table] .level.full').count(),
        1,
      );
    }),
  );

  test(
    "the batcher takes from the queue and writes below it",
    reading("spike", async (page, heard, document) => {
      const index = document.variants.findIndex(({name}) => name === "queue");
      const drawing = page.locator(`[data-draw=topology][data-variant="${index}"]`);
      const top = async (node) =>
        (await drawing.locator(`[data-node="${node}"] .shape`).boundingBox()).y;
      const order = await Promise.all(
        ["clients", "delivery/balancer", "delivery", "queue", "batcher", "table"].map(top),
      );
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
    }),
  );
});

describe("three answers", () => {
  const values = (page) => texts(page, ".chart .value");
  const drawn = (page) =>
    page
      .locator(".chart canvas")
      .evaluateAll((canvases) => canvases.map((canvas) => canvas.toDataURL()));
  // In the order of the lines on the page.
  const lines = ["ok_rps", "failed_rps", "p50_ms", "p95_ms", "p99_ms", "queue", "replicas"];

  test(
    "beside what was measured stands what was simulated",
    on("both", async (page, heard) => {
      const {series} = pages.virtual.document.variants[0];
      const [offered, ...twice] = await values(page);
      assert.ok(!offered.includes("⋅"), offered);
      assert.equal(twice.length, lines.length);
      lines.forEach((line, i) => {
        const simulated = twice[i].split(" ⋅ ")[1];
        assert.ok(isNear(simulated, Math.max(...series[line])), `${line}: ${twice[i]}`);
      });
      assert.deepEqual(
        [...new Set(await texts(page, ".when"))],
        ["highest, measured ⋅ simulated"],
      );
      assert.deepEqual(heard, {asked: [], said: []});
    }),
  );

  test(
    "it is drawn over the same axes",
    on("both", async (page) => {
      const both = await drawn(page);
      const alone = await open("measured");
      const measured = await drawn(alone.page);
      await alone.close();
      assert.equal(both.length, 4);
      both.forEach((chart, i) => assert.notEqual(chart, measured[i]));
    }),
  );
});

describe("what answers", () => {
  test(
    "the button changes every heading to the other language and back",
    on("spike", async (page) => {
      const english = await shown(page, "h1, h2, .kind, .verdict p");
      await page.locator("button.language").click();
      const russian = await shown(page, "h1, h2, .kind, .verdict p");
      assert.equal(await page.title(), "Обеденный пик");
      assert.equal(english.length, russian.length);
      english.forEach((text, i) =>
        assert.ok(/[a-z]/.test(text) && /[а-я]/.test(russian[i]), `${text} / ${russian[i]}`),
      );
      await page.locator("button.language").click();
      assert.deepEqual(await shown(page, "h1, h2, .kind, .verdict p"), english);
    }),
  );

  test(
    "--lang says in which language it opens",
    reading("likes", async (page) => {
      assert.deepEqual(await shown(page, "h1"), ["Горячий пост"]);
      assert.equal(await page.evaluate(() => document.documentElement.lang), "ru");
    }),
  );

  test(
    "a cursor in one chart is a cursor in all of them",
    on("spike", async (page, heard, document) => {
      const first = page.locator(".canvas .u-over").first();
      const {width, height} = await first.boundingBox();
      await first.hover({position: {x: width / 2, y: height / 2}});
      const when = await texts(page, ".when");
      assert.equal(when.length, 4 * document.variants.length);
      assert.match([...new Set(when)].join(), /^4\d s$/);
      await page.mouse.move(5, 5);
      assert.deepEqual([...new Set(await texts(page, ".when"))], ["highest"]);
    }),
  );

  test(
    "arrow keys move the cursor, and Escape takes it away",
    on("spike", async (page, heard, document) => {
      await page.locator(".canvas").nth(1).focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      assert.deepEqual([...new Set(await texts(page, ".when"))], ["1 s"]);
      const value = (await texts(page, ".chart[data-kind=rates] .value"))[0];
      assert.equal(value, `${document.variants[0].series.offered_rps[1]}/s`);
      await page.keyboard.press("Escape");
      assert.deepEqual([...new Set(await texts(page, ".when"))], ["highest"]);
    }),
  );

  test(
    "the axes can be made straight and bent again",
    on("spike", async (page) => {
      const pixels = () =>
        page
          .locator(".chart[data-kind=latency] canvas")
          .first()
          .evaluate((canvas) => canvas.toDataURL());
      const pressed = () => texts(page, ".scale [aria-pressed=true]");
      const bent = await pixels();
      assert.deepEqual(await pressed(), ["logarithmic"]);
      await page.locator(".scale button").first().click();
      assert.deepEqual(await pressed(), ["straight"]);
      assert.notEqual(await pixels(), bent);
      await page.locator(".scale button").last().click();
      assert.equal(await pixels(), bent);
    }),
  );

  test(
    "every part can be reached with the tab key",
    on("spike", async (page) => {
      const reached = new Set();
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press("Tab");
        reached.add(
          await page.evaluate(
            () => document.activeElement.className || document.activeElement.tagName,
          ),
        );
      }
      for (const part of ["language", "scroll", "canvas", "SUMMARY"])
        assert.ok(reached.has(part), `${part} is not among ${[...reached]}`);
    }),
  );
});

describe("what must hold whoever looks", () => {
  test(
    "without scripts the verdict, the reasons and every figure can be read",
    on(
      "likes",
      async (page, heard, document) => {
        assert.deepEqual(await shown(page, ".verdict p"), [
          `✓ ${document.variants.length} из ${document.variants.length} вариантов — как ожидалось`,
        ]);
        assert.equal((await shown(page, "table")).length, 4);
        assert.equal(
          (await shown(page, "p.dim:text('не проходит: ')")).length,
          document.variants.filter(({passed}) => !passed).length,
        );
        assert.deepEqual(await shown(page, "noscript p"), [
          "Графикам и схемам нужен JavaScript; таблицам — нет.",
        ]);
        assert.deepEqual(heard.asked, []);
      },
      {javaScriptEnabled: false},
    ),
  );

  test(
    "a hostile scenario stays text",
    reading("hostile", async (page) => {
      assert.deepEqual(await shown(page, "h1"), [hostileTitle]);
      assert.equal(await page.title(), hostileTitle);
      assert.deepEqual(await shown(page, ".question"), ["</title></style><b>bold</b>"]);
      assert.equal((await shown(page, ".card .about"))[0], "<u>one</u>");
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator("img, b, u").count(), 0);
      const repeat = (await shown(page, "footer code"))[0];
      assert.ok(repeat.includes("</script>\ufffd\ufffdevil<img src=x>"), repeat);
    }),
  );

  test(
    "the policy forbids what the page did not bring",
    on("hostile", async (page, heard) => {
      const outcome = await page.evaluate(async () => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 3";
        document.body.append(script);
        const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/x.png";
        document.body.append(image);
        return fetch("http://127.0.0.1:9/").then(
          () => "fetched",
          () => "refused",
        );
      });
      assert.equal(outcome, "refused");
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.deepEqual(heard.asked, []);
    }),
  );

  for (const colorScheme of ["light", "dark"]) {
    test(
      `all text can be told from its ground, ${colorScheme}`,
      on(
        "spike",
        async (page) => {
          const faint = await page.evaluate(() => {
            const parse = (text) => text.match(/[\d.]+/g).map(Number);
            const luminance = (color) =>
              color
                .slice(0, 3)
                .map((part) => part / 255)
                .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
                .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
            const groundOf = (element) => {
              const color = parse(getComputedStyle(element).backgroundColor);
              return color.length === 4 && color[3] === 0 ? groundOf(element.parentElement) : color;
            };
            const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [
              ...document.querySelectorAll(
                "h1, h2, p, td, th, .value, .item, .when, .outcome, button",
              ),
            ]
              .filter(
                (element) => element.offsetParent !== null && element.textContent.trim() !== "",
              )
              .filter(
                (element) =>
                  ratio(
                    luminance(parse(getComputedStyle(element).color)),
                    luminance(groundOf(element)),
                  ) < 4.5,
              )
              .map((element) => `${element.tagName}.${element.className}: ${element.textContent}`);
          });
          assert.deepEqual(faint, []);
        },
        {colorScheme},
      ),
    );
  }

  test("a page of nine variants is smaller than 400 kB", () => {
    assert.ok(readFileSync(pages.spike.html).length < 400_000);
  });

  test("the markup is well-formed: what is opened is closed, in order", () => {
    const html = readFileSync(pages.spike.html, "utf8").replace(
      /<(script|style)\b[^>]*>[^]*?<\/\1>/g,
      "",
    );
    const open = [];
    for (const [, closes, tag] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (closes) assert.equal(open.pop(), tag);
      else if (tag !== "meta") open.push(tag);
    }
    assert.deepEqual(open, []);
  });
});
