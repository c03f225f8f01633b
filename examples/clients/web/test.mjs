/** Asks the page in headless Chromium what vectors.json asks: test.sh sets up what it needs. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const here = new URL(".", import.meta.url).pathname;
const { CHROMIUM = "/usr/bin/chromium", PYTHON = "python3", MODELS = `${here}models` } = process.env;
const vectors = JSON.parse(readFileSync(`${MODELS}/vectors.json`, "utf8"));
const WASM = "node_modules/@litertjs/core/wasm/";
// How far two labels of Keras may be apart that are taken for each other: int8 moves probabilities so far.
const NEAR = 0.1;
// The largest of make_vectors.py's lengths, in code points.
const READ = 8 * 128;
const servers = [];
let browser, base;

/** The address of a page that shows a file, or those of a folder. */
async function serve(models) {
  const server = spawn(PYTHON, [`${here}serve.py`, "--port", "0", models], { stdio: ["ignore", "pipe", "ignore"] });
  servers.push(server);
  return new Promise((resolve) => server.stdout.once("data", (line) => resolve(String(line).trim())));
}

before(async () => {
  base = await serve(MODELS);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    timeout: 180_000, // a machine may be slow
    args: [
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
  servers.forEach((server) => server.kill());
});

async function opened(options, address = base) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(180_000);
  page.on("pageerror", (error) => console.error(error));
  await page.goto(address);
  return page;
}

/** What the client answers to all rows of a file. */
async function answers(page, name) {
  const { file, kind, rows } = vectors[name];
  return page.evaluate(
    async ({ file, kind, texts, wasm }) => {
      const { KerasBert } = await import("./kerasbert.js");
      const model = await KerasBert.load(`models/${file}`, { wasm });
      const found = [];
      for (const row of texts) {
        const answer = await model[kind](...row);
        found.push(kind === "embed" ? [...answer] : answer);
      }
      return found;
    },
    { file, kind, texts: rows.map(({ texts }) => texts), wasm: WASM },
  );
}

/**
 * At least 99 in 100 answers are those of Keras, or those that this very file gives in Python: what int8 changes is
 * not the client's fault. The others are near ties. Texts that are longer than what the page reads are left out.
 */
function compare(name, found, isSame, isNear = () => true, share = 0.01) {
  const rows = vectors[name].rows
    .map((row, i) => ({ ...row, found: found[i] }))
    .filter(({ texts }) => texts.every((text) => [...text].length <= READ));
  const asKeras = rows.filter(({ keras, found }) => isSame(keras, found)).length;
  const others = rows.filter(({ keras, file, found }) => !isSame(keras, found) && !isSame(file, found));
  console.log(`${name}: of ${rows.length} answers ${asKeras} are those of Keras, ${others.length} are neither's`);
  assert.ok(others.length <= rows.length * share, JSON.stringify(others));
  for (const other of others) assert.ok(isNear(other.keras, other.found), JSON.stringify(other));
}

test("intents", async () => {
  const page = await opened();
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  const near = (keras, { label }) => keras.probabilities[keras.label] - keras.probabilities[label] < NEAR;
  compare("assistant", await answers(page, "assistant"), (keras, { label }) => keras.label === label, near);
  await page.close();
});

test("entities", async () => {
  const page = await opened();
  const plain = ({ text, type, start, end }) => JSON.stringify([text, type, start, end]);
  const isSame = ({ entities }, found) => String(entities.map(plain)) === String(found.map(plain));
  // What only one of them has, it is not sure of.
  const less = (some, others) => some.filter((one) => !others.some((other) => plain(one) === plain(other)));
  const isNear = ({ entities }, found) => [...less(entities, found), ...less(found, entities)].every(({ score }) => score < 0.5);
  // Some rows have twenty entities, any of which may be a near tie.
  compare("entities", await answers(page, "entities"), isSame, isNear, 0.03);
  await page.close();
});

test("answers to questions", async () => {
  const page = await opened();
  compare("questions", await answers(page, "questions"), (keras, found) =>
    ["text", "start", "end"].every((key) => keras[key] === found[key]),
  );
  await page.close();
});

test("vectors", async () => {
  const page = await opened();
  const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.hypot(...a) / Math.hypot(...b);
  compare("search", await answers(page, "search"), (keras, found) => cosine(keras.embedding, found) > 0.98);
  await page.close();
});

test("the page answers as one types, with keys alone, on a narrow screen", async () => {
  const page = await opened({ viewport: { width: 360, height: 740 } });
  const status = page.locator("#status");
  await status.filter({ hasText: "answered in" }).waitFor();
  const { texts, file } = vectors.assistant.rows.at(-1);
  const label = file.label.replaceAll("_", " ");
  await page.getByLabel("What do you want the assistant to do?").fill(texts[0]);
  await page.locator("#assistant-bars li:first-child", { hasText: label }).waitFor();
  await page.locator("#spoken", { hasText: label }).waitFor({ state: "attached" });
  await page.getByRole("tab", { name: "Intent" }).focus();
  for (const result of ["#entities-marked mark", "#questions-marked mark", "#search-bars li"]) {
    await page.keyboard.press("ArrowRight");
    await page.locator(result).first().waitFor();
    await status.filter({ hasText: "answered in" }).waitFor();
    const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= shown, `${result}: ${wide} pixels wide`);
  }
  await page.close();
});

test("a page colours the words that speak for an answer", async () => {
  const page = await opened({ viewport: { width: 360, height: 740 } });
  await page.goto(`${base}/explain.html`);
  const { texts } = vectors.assistant.rows.at(-1); // the first is empty
  await page.locator("#bars li").first().waitFor();
  await page.getByLabel("A text").fill(texts[0]);
  const words = page.locator("#words span");
  await page.locator("#legend", { hasText: "Blue words speak for" }).waitFor();
  assert.equal(await page.locator("#words").textContent(), texts[0]);
  // Each share is the difference that the word makes to the answer.
  const [place, text, share] = await words.evaluateAll((all) => {
    const every = all.map(({ dataset }) => Math.abs(dataset.share));
    const best = all[every.indexOf(Math.max(...every))];
    return [best.parentNode.textContent.indexOf(best.textContent), best.textContent, Number(best.dataset.share)];
  });
  const shares = await page.evaluate(
    async ([whole, without, wasm]) => {
      const { KerasBert } = await import("./kerasbert.js");
      const model = await KerasBert.load("models/assistant.tflite", { wasm });
      const { label, probabilities } = await model.classify(whole);
      const other = (await model.classify(without)).probabilities[label];
      return [probabilities[label], other].map((p) => Math.log(p / (1 - p)));
    },
    [texts[0], texts[0].slice(0, place) + texts[0].slice(place + text.length), WASM],
  );
  assert.ok(Math.abs(share) > 0.05 && Math.abs(shares[0] - shares[1] - share) < 1e-3, JSON.stringify([text, share, shares]));
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= seen, `${wide} pixels wide`);
  await page.close();
});

test("words are what a model reads together, in any script", async () => {
  const { wordsOf } = await import("./occlusion.js");
  const words = (text) => wordsOf(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(words("I don’t like 😀 it"), ["I", "don’t", "like", "😀", "it"]);
  assert.deepEqual(words("这部好 good"), ["这", "部", "好", "good"]);
  assert.deepEqual(words("فيلم رائع"), ["فيلم", "رائع"]);
});

test("a file of one's own has a tab, and answers without a network", async () => {
  const folder = mkdtempSync(join(tmpdir(), "web-"));
  copyFileSync(`${MODELS}/assistant.tflite`, join(folder, "film.tflite"));
  const page = await opened({}, await serve(join(folder, "film.tflite")));
  const { texts, file } = vectors.assistant.rows.at(-1);
  await page.locator("#assistant:not([hidden])").getByLabel("Text").fill(texts[0]);
  await page.locator("#assistant-bars li:first-child", { hasText: file.label.replaceAll("_", " ") }).waitFor();
  assert.deepEqual(await page.getByRole("tab").allTextContents(), ["Classes"]);
  await page.context().setOffline(true);
  const other = vectors.assistant.rows.find((row) => row.texts[0].length > 9 && row.file.label !== file.label);
  await page.locator("#assistant:not([hidden])").getByLabel("Text").fill(other.texts[0]);
  await page.locator("#assistant-bars li:first-child", { hasText: other.file.label.replaceAll("_", " ") }).waitFor();
  await page.close();
  rmSync(folder, { recursive: true });
});

test("without the headers it answers on one thread", async () => {
  const page = await opened();
  await page.route(`${base}/`, (route) => route.fulfill({ path: `${here}index.html` }));
  await page.reload();
  await page.locator("#status").filter({ hasText: "on 1 thread" }).waitFor();
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await page.close();
});

test("a missing file is an error that one can read", async () => {
  const page = await opened();
  await page.route("**/assistant.tflite", (route) => route.fulfill({ status: 404 }));
  await page.reload();
  await page.getByRole("alert").filter({ hasText: "404" }).waitFor();
  await page.close();
});
