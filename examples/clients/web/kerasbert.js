/**
 * Answers texts with a file that kerasbert wrote, in the browser. It needs @litertjs/core alone.
 *
 *     const model = await KerasBert.load("assistant.tflite", { wasm: "node_modules/@litertjs/core/wasm/" });
 *     await model.classify("wake me at seven"); // { label: "alarm", probabilities: { alarm: 0.98, … } }
 *
 * The file comes from `kerasbert.export.to_tflite(task, "assistant.tflite", text=True, lengths=(32, 128))`.
 * All the work is in the file: tokens, entities and answers. This module passes the code points of a text, and
 * reads places in it.
 */
import { loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "@litertjs/core";

// A signature of a length takes so many times as many code points.
const CODE_POINTS = 8;

let runtime;

/** Starts LiteRT once: with threads where the server's COOP and COEP headers allow them. */
function startRuntime(wasm) {
  runtime ??= (async () => {
    const threads = globalThis.crossOriginIsolated === true && (await supportsFeature("relaxedSimd")) && (await supportsFeature("threads"));
    await loadLiteRt(wasm, { threads });
    return threads ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
  })();
  return runtime;
}

export class KerasBert {
  /**
   * Loads a file, and the runtime with the first.
   *
   * @param {string} url the `.tflite` file.
   * @param {{wasm: string, onProgress?: (loaded: number, total: number) => void}} options `wasm` is the folder
   *     `wasm/` of @litertjs/core; `onProgress` hears of bytes, and of a total of 0 where it is unknown.
   */
  static async load(url, { wasm, onProgress = () => {} }) {
    const starting = startRuntime(wasm);
    starting.catch(() => {}); // it is awaited below
    const bytes = await download(url, onProgress);
    const numThreads = await starting;
    const compiled = await loadAndCompile(bytes, { accelerator: "wasm", cpuOptions: { numThreads } });
    return new KerasBert(compiled, describe(bytes), numThreads);
  }

  constructor(compiled, description, numThreads) {
    this.compiled = compiled;
    /** What the file says of itself, such as its `kind` and `labels`. */
    this.description = description;
    this.numThreads = numThreads;
    /** How long the last answer took. */
    this.latencyMs = 0;
    /** Whether the last text was longer than what the file reads. */
    this.truncated = false;
    const fixed = new RegExp(`^${description.kind}_text_([0-9]+)$`);
    this.lengths = Object.keys(description.signatures)
      .flatMap((name) => fixed.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    if (this.lengths.length === 0) {
      throw new Error("The file needs signatures of fixed lengths: to_tflite(…, text=True, lengths=(32, 128)).");
    }
  }

  /**
   * What a text, or a pair of texts, is: `{ label, probabilities }`, the latter by label; without `label` where a
   * text may have several, and `{ scores }`, an array, where the answer is numbers.
   */
  async classify(text, second) {
    const found = await this.run(second === undefined ? [text] : [text, second]);
    const { labels, output, problem } = this.description;
    const values = [...found[output]];
    if (output !== "probabilities") return { [output]: values };
    const probabilities = Object.fromEntries(labels.map((label, i) => [label, values[i]]));
    if (problem === "multi_label") return { probabilities };
    return { label: labels[values.indexOf(Math.max(...values))], probabilities };
  }

  /** The vector of a text, a `Float32Array`. */
  async embed(text) {
    return (await this.run([text])).embedding;
  }

  /** The entities of a text: `{ text, type, start, end, score }`, places in code points. */
  async tag(text) {
    const { start, end, type, score } = await this.run([text]);
    const characters = [...text];
    const count = end.findIndex((place) => place === 0); // behind the entities are zeros
    return Array.from({ length: count < 0 ? end.length : count }, (_, i) => ({
      text: characters.slice(start[i], end[i]).join(""),
      type: this.description.types[type[i]],
      start: start[i],
      end: end[i],
      score: score[i],
    }));
  }

  /** The best answer in a context: `{ text, start, end, score, nullScore }`, places in code points. */
  async answer(question, context) {
    const found = await this.run([question, context]);
    const [start, end, score, nullScore] = ["start", "end", "score", "null_score"].map((name) => found[name][0]);
    return { text: [...context].slice(start, end).join(""), start, end, score, nullScore };
  }

  /** Runs the smallest signature that the texts fit into, or cuts them for the largest: its outputs by name. */
  async run(texts) {
    const points = texts.map((text) => Array.from(text, (character) => character.codePointAt(0)));
    const longest = Math.max(...points.map((row) => row.length));
    const length = this.lengths.find((length) => CODE_POINTS * length >= longest) ?? this.lengths.at(-1);
    const { kind } = this.description;
    const pair = texts.length > 1 && kind !== "answer" ? "_pair" : ""; // a question always has its context
    const name = `${kind}_text${pair}_${length}`;
    const started = performance.now();
    const inputs = {};
    for (const { name: key, shape } of this.compiled.signatures[name].getInputDetails()) {
      const row = new Int32Array(shape[1]); // with zeros behind the text
      row.set(points[key === "pair_code_points" ? 1 : 0].slice(0, row.length));
      inputs[key] = new Tensor(row, [...shape]);
    }
    const outputs = await this.compiled.run(name, inputs);
    const found = {};
    for (const [key, tensor] of Object.entries(outputs)) {
      found[key] = (await tensor.data()).slice();
      tensor.delete();
    }
    Object.values(inputs).forEach((tensor) => tensor.delete());
    this.latencyMs = performance.now() - started;
    this.truncated = longest > CODE_POINTS * length || found.truncated?.[0] > 0;
    return found;
  }
}

/** Reads `task.json` from the stored ZIP archive behind the model. */
export function describe(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("The file says nothing of itself: export it with text=True.");
  let entry = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [size, nameSize, extraSize, commentSize] = [
      view.getUint32(entry + 20, true),
      ...[28, 30, 32].map((place) => view.getUint16(entry + place, true)),
    ];
    const name = new TextDecoder().decode(bytes.subarray(entry + 46, entry + 46 + nameSize));
    if (name === "task.json") {
      const local = view.getUint32(entry + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      return JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + size)));
    }
    entry += 46 + nameSize + extraSize + commentSize;
  }
  throw new Error("The file has no task.json.");
}

async function download(url, onProgress) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  // A compressed response has another length than its content.
  const total = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length"));
  const parts = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onProgress((loaded += value.length), total);
  }
  const bytes = new Uint8Array(loaded);
  let place = 0;
  for (const part of parts) {
    bytes.set(part, place);
    place += part.length;
  }
  return bytes;
}
