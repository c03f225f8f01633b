/** The page that explains: the answer at once, the colours of words when one stops typing. */
import { KerasBert } from "./kerasbert.js";
import { explain } from "./occlusion.js";

const $ = (id) => document.getElementById(id);
const WASM = new URL("node_modules/@litertjs/core/wasm/", location.href).href;
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shown = (name) => name.replaceAll("_", " ");
const PAUSE_MS = 300;
const STRONGEST = 0.65; // the opacity of the strongest word, on which black and white letters can be read

let model, waiting;
let version = 0;
let queue = Promise.resolve();

/** The model, asked for one text after the other: it cannot run twice at a time. */
const inTurn = { classify: (text) => (queue = queue.catch(() => {}).then(() => model.classify(text))) };

async function load(url) {
  $("loading").hidden = false;
  try {
    const loaded = await KerasBert.load(url, {
      wasm: WASM,
      onProgress: (done, total) => total && ($("progress").value = done / total),
    });
    if (loaded.description.kind !== "classify" || loaded.description.output !== "probabilities") {
      throw new Error("The file must be a classifier's.");
    }
    model = loaded;
    await answer();
  } catch (error) {
    fail(error);
  }
  $("loading").hidden = true;
}

/** The probabilities of a text now, and its words soon. */
async function answer() {
  if (!model) return;
  const mine = ++version;
  const text = $("text").value;
  clearTimeout(waiting);
  try {
    const { probabilities } = await inTurn.classify(text);
    if (mine !== version) return;
    bars(probabilities);
    $("error").hidden = true;
    $("status").textContent = `answered in ${model.latencyMs.toFixed(1)} ms${model.truncated ? "; the text is too long, and was cut" : ""}`;
    waiting = setTimeout(() => colour(text, mine), PAUSE_MS);
  } catch (error) {
    fail(error);
  }
}

async function colour(text, mine) {
  const start = performance.now();
  const found = await explain(inTurn, text, () => mine !== version).catch(fail);
  if (!found || mine !== version) return;
  const most = Math.max(...found.words.map(({ share }) => Math.abs(share)), 1e-9);
  const parts = [];
  let place = 0;
  for (const { start, end, share } of found.words) {
    const word = document.createElement("span");
    word.textContent = text.slice(start, end);
    word.title = `${share >= 0 ? "+" : "−"}${Math.abs(share).toFixed(2)}`;
    word.dataset.share = share;
    word.style.background = `rgba(${share >= 0 ? "33, 113, 181" : "230, 97, 1"}, ${(STRONGEST * Math.abs(share)) / most})`;
    word.style.borderRadius = ".2em";
    parts.push(text.slice(place, start), word);
    place = end;
  }
  $("words").replaceChildren(...parts, text.slice(place));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  $("legend").textContent = `Blue words speak for ${shown(found.label)}, orange ones against it; ${found.words.length} words in ${seconds} s${found.untried ? `; the last ${found.untried} words were not tried` : ""}.`;
}

function bars(probabilities) {
  const best = Object.entries(probabilities).sort((a, b) => b[1] - a[1]).slice(0, 5);
  $("bars").replaceChildren(...best.map(([name, share]) => {
    const item = document.createElement("li");
    item.style.setProperty("--share", share);
    for (const text of [shown(name), percent.format(share)]) {
      item.append(Object.assign(document.createElement("span"), { textContent: text }), " ");
    }
    return item;
  }));
}

function fail(error) {
  console.error(error);
  $("error").textContent = `This did not work. ${error.message}`;
  $("error").hidden = false;
}

$("text").addEventListener("input", answer);
$("file").addEventListener("change", ({ target }) => target.files[0] && load(URL.createObjectURL(target.files[0])));
load(new URLSearchParams(location.search).get("model") ?? "models/assistant.tflite");
