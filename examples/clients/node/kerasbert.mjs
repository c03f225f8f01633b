/**
 * Answers texts with an ONNX file that kerasbert wrote, in Node.js or in a browser. It needs onnxruntime-web alone.
 *
 *     const model = await KerasBert.load(await readFile("film.onnx"));
 *     await model.classify("what a good film!"); // { negative: 0.02, positive: 0.98 }
 *
 * The file comes from `kerasbert.export.to_onnx(task, "film.onnx", text=True)`. All the work is in the file: this module passes
 * the code points of a text, and reads places in it, which count code points, too: `[...text].slice(start, end)`.
 */
import * as ort from "onnxruntime-web";

export class KerasBert {
  /** Opens a file, given as its bytes, a `Uint8Array`. */
  static async load(bytes) {
    return new KerasBert(await ort.InferenceSession.create(bytes), describe(bytes));
  }

  constructor(session, description) {
    this.session = session;
    /** What the file says of itself, such as its `kind` and `labels`. */
    this.description = description;
  }

  /** The probability of each label, of a text; or of two, if the file takes two. */
  async classify(text, second) {
    const values = (await this.run(second === undefined ? [text] : [text, second]))[this.description.output];
    return Object.fromEntries(this.description.labels.map((label, i) => [label, values[i]]));
  }

  /** The vector of a text, a `Float32Array`. */
  async embed(text) {
    return (await this.run([text])).embedding;
  }

  /** The entities of a text: `{ text, type, start, end, score }`. */
  async tag(text) {
    const { start, end, type, score } = await this.run([text]);
    const characters = [...text];
    return Array.from(start, (_, i) => ({
      text: characters.slice(start[i], end[i]).join(""),
      type: this.description.types[type[i]],
      start: start[i],
      end: end[i],
      score: score[i],
    }));
  }

  /** The best answer in a context: `{ text, start, end, score, null_score }`. */
  async answer(question, context) {
    const found = await this.run([question, context]);
    const [start, end, score, null_score] = ["start", "end", "score", "null_score"].map((name) => found[name][0]);
    return { text: [...context].slice(start, end).join(""), start, end, score, null_score };
  }

  /** What the file returns for one text or two, by name. */
  async run(texts) {
    const inputs = {};
    for (const [i, name] of ["code_points", "pair_code_points"].slice(0, texts.length).entries()) {
      const points = Int32Array.from([...texts[i]], (character) => character.codePointAt(0));
      inputs[name] = new ort.Tensor("int32", points, [1, points.length]);
    }
    const names = this.session.outputNames.filter((name) => !name.includes("/")); // tokens stand beside the answers
    const outputs = await this.session.run(inputs, names);
    return Object.fromEntries(names.map((name) => [name, outputs[name].data]));
  }
}

/** Reads `task.json` from the metadata of a file, which ONNX Runtime does not show in JavaScript. */
export function describe(bytes) {
  for (const entry of fields(bytes, 14)) {
    const [[key], [value]] = [[...fields(entry, 1)], [...fields(entry, 2)]];
    if (new TextDecoder().decode(key) === "task.json") return JSON.parse(new TextDecoder().decode(value));
  }
  throw new Error("The file says nothing of itself: export it with text=True.");
}

/** The bytes of each field of a number in a message of Protocol Buffers. */
function* fields(bytes, wanted) {
  let place = 0;
  const number = () => {
    let [value, scale] = [0, 1];
    for (let byte = 128; byte & 128; scale *= 128) value += ((byte = bytes[place++]) & 127) * scale;
    return value;
  };
  while (place < bytes.length) {
    const key = number();
    if ((key & 7) === 0) number();
    else {
      const size = { 1: 8, 5: 4 }[key & 7] ?? number();
      if (key >> 3 === wanted) yield bytes.subarray(place, place + size);
      place += size;
    }
  }
}
