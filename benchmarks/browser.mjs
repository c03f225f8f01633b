/** Measures what browser.py wrote; it starts this script. Node, Chromium, and what npm installed to the folder. */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";

const [folder, sentence, tokens] = process.argv.slice(2);
const client = new URL("../examples/clients/web/", import.meta.url).pathname;
const { chromium } = createRequire(`${folder}/`)("playwright-core");
const types = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const page = `<!doctype html><script type="importmap">{"imports":{
  "@litertjs/core":"/node_modules/@litertjs/core/dist/index.js",
  "@litertjs/wasm-utils":"/node_modules/@litertjs/wasm-utils/dist/index.js"}}</script><body></body>`;

// Bytes that the page fetched since the last reset, by name.
let fetched = {};
let headers = {};
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/") return response.writeHead(200, { "content-type": "text/html", ...headers }).end(page);
  const file = join(path === "/kerasbert.js" ? client : folder, path);
  try {
    const { size } = statSync(file);
    fetched[path] = size;
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-length": size, ...headers });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404, headers).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const base = `http://127.0.0.1:${server.address().port}/`;

/** Runs in the page: opens a contender; `answer(text)` gives probabilities by label. */
const library = `
globalThis.WASM = "/node_modules/@litertjs/core/wasm/";
globalThis.contenders = {
  async kerasbert() {
    const { KerasBert } = await import("/kerasbert.js");
    const model = await KerasBert.load("/assistant.tflite", { wasm: WASM });
    return async (text) => (await model.classify(text)).probabilities;
  },
  async "transformers.js"() {
    const { env, pipeline } = await import("/node_modules/@huggingface/transformers/dist/transformers.min.js");
    Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "/", useBrowserCache: false });
    // The files of its default runtime, which it would take from a server on the Internet.
    const paths = Object.entries(env.backends.onnx.wasm.wasmPaths);
    env.backends.onnx.wasm.wasmPaths = Object.fromEntries(
      paths.map(([kind, url]) => [kind, url.replace(/.*[/]dist[/]/, "/node_modules/onnxruntime-web/dist/")]),
    );
    const classify = await pipeline("text-classification", "assistant", { dtype: "q8" });
    return async (text) =>
      Object.fromEntries((await classify(text, { top_k: null })).map(({ label, score }) => [label, score]));
  },
};`;

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
args.push("--disable-background-networking", "--disable-component-update", "--enable-precise-memory-info");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });

async function opened() {
  const context = await browser.newContext();
  const tab = await context.newPage();
  tab.setDefaultTimeout(300_000);
  await tab.goto(base);
  await tab.evaluate(library);
  return tab;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const { rows } = JSON.parse(readFileSync(`${folder}/vectors.json`, "utf8")).assistant;

for (const threads of [false, true]) {
  headers = threads
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  console.log(threads ? "With threads" : "One thread");
  const first = { kerasbert: [], "transformers.js": [] };
  for (let round = 0; round < 3; round++) {
    for (const name of Object.keys(first)) {
      const tab = await opened();
      fetched = {};
      first[name].push(
        await tab.evaluate(
          async ([name, sentence]) => {
            const start = performance.now();
            await (await contenders[name]())(sentence);
            return performance.now() - start;
          },
          [name, sentence],
        ),
      );
      if (threads && round === 0) {
        const memory = await tab.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes);
        console.log(`  ${name}: ${(memory / 1e6).toFixed(0)} MB of memory after the first answer`);
      }
      if (round === 0)
        for (const [path, bytes] of Object.entries(fetched)) console.log(`    ${path} ${(bytes / 1e6).toFixed(2)} MB`);
      await tab.context().close();
    }
  }
  for (const [name, times] of Object.entries(first)) {
    console.log(`  ${name}: first answer after ${median(times).toFixed(0)} ms (${times.map(Math.round)})`);
  }

  // Both in one page, and the model alone, in turn.
  const tab = await opened();
  const { times, answers } = await tab.evaluate(
    async ([sentence, tokens, texts]) => {
      const run = {};
      for (const name of Object.keys(contenders)) run[name] = await contenders[name]();
      const { loadAndCompile, Tensor } = await import("@litertjs/core");
      const numThreads = crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
      const alone = await loadAndCompile("/alone.tflite", { accelerator: "wasm", cpuOptions: { numThreads } });
      const inputs = alone.signatures.classify.getInputDetails().map(() => new Tensor(new Int32Array(tokens).fill(1), [1, tokens]));
      run["model alone"] = async () => {
        for (const output of await alone.run("classify", inputs)) output.delete();
      };
      const times = {};
      for (let round = 0; round < 70; round++) {
        for (const [name, answer] of Object.entries(run)) {
          const start = performance.now();
          await answer(sentence);
          if (round >= 10) (times[name] ??= []).push(performance.now() - start);
        }
      }
      const answers = {};
      for (const name of Object.keys(contenders)) {
        answers[name] = [];
        for (const text of texts) answers[name].push(await run[name](text));
      }
      return { times, answers };
    },
    [sentence, Number(tokens), rows.map(({ texts }) => texts[0])],
  );
  for (const [name, all] of Object.entries(times)) {
    const ratios = times.kerasbert.map((ms, i) => ms / all[i]).toSorted((a, b) => a - b);
    const quartiles = [1, 2, 3].map((quarter) => ratios[Math.floor((ratios.length * quarter) / 4)].toFixed(2));
    console.log(
      `  ${name}: median ${median(all).toFixed(1)} ms, fastest ${Math.min(...all).toFixed(1)}; kerasbert takes ` +
        `${quartiles[1]} times as long (median of pairs; quartiles ${quartiles[0]} and ${quartiles[2]}), ` +
        `${(Math.min(...times.kerasbert) / Math.min(...all)).toFixed(2)} by the fastest`,
    );
  }
  for (const [name, found] of Object.entries(answers)) {
    const differences = rows.flatMap(({ keras }, i) =>
      Object.entries(keras.probabilities).map(([label, p]) => Math.abs(p - found[i][label])),
    );
    const same = rows.filter(({ keras }, i) =>
      Object.values(found[i]).every((p) => p <= found[i][keras.label]),
    ).length;
    const mean = differences.reduce((sum, x) => sum + x, 0) / differences.length;
    console.log(
      `  ${name}: ${same} of ${rows.length} labels are those of float32; probabilities differ by ` +
        `${mean.toExponential(1)} on average, ${Math.max(...differences).toFixed(3)} at most`,
    );
  }
  await tab.context().close();
}
await browser.close();
server.close();
