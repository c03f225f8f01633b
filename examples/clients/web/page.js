/**
 * The page: a tab for each file that `models/models.json` names, such as `{"assistant": "assistant.tflite"}`, which is loaded
 * when its tab is opened first.
 */
import { KerasBert } from "./kerasbert.js";

const $ = (id) => document.getElementById(id);
const WASM = new URL("node_modules/@litertjs/core/wasm/", location.href).href;
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

// What each task shows of its answer; each returns what a screen reader says.
const tasks = {
  async assistant(model) {
    const { label, probabilities } = await model.classify($("assistant-text").value);
    const best = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
    bars($("assistant-bars"), best.slice(0, 5).map(([name, share]) => [name.replaceAll("_", " "), share]));
    return `${label.replaceAll("_", " ")}, ${percent.format(probabilities[label])}`;
  },

  async entities(model) {
    const text = $("entities-text").value;
    const found = await model.tag(text);
    marks($("entities-marked"), text, found);
    return found.map(({ text, type }) => `${text}: ${type}`).join("; ") || "no entities";
  },

  async questions(model) {
    const context = $("questions-context").value;
    const answer = await model.answer($("questions-text").value, context);
    marks($("questions-marked"), context, answer.end > answer.start ? [answer] : []);
    return answer.text || "no answer";
  },

  async search(model) {
    model.index ??= await indexOf(model);
    const wanted = await model.embed($("search-text").value);
    const found = model.index.map(({ text, vector }) => [text, cosine(wanted, vector)]);
    found.sort((a, b) => b[1] - a[1]);
    bars($("search-bars"), found.slice(0, 6));
    return found[0] ? `nearest: ${found[0][0]}` : "no sentences";
  },
};

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function bars(list, rows) {
  list.replaceChildren(...rows.map(([name, share]) => {
    const item = document.createElement("li");
    item.style.setProperty("--share", Math.max(0, share));
    item.append(element("span", name), " ", element("span", percent.format(share)));
    return item;
  }));
}

function marks(paragraph, text, spans) {
  const characters = [...text]; // places are code points, and JavaScript counts UTF-16
  const parts = [];
  let place = 0;
  for (const { start, end, type } of spans) {
    const mark = element("mark", characters.slice(start, end).join(""));
    if (type) mark.dataset.type = type;
    parts.push(characters.slice(place, start).join(""), mark);
    place = end;
  }
  paragraph.replaceChildren(...parts, characters.slice(place).join(""));
}

function cosine(a, b) {
  let [product, aa, bb] = [0, 0, 0];
  a.forEach((x, i) => {
    product += x * b[i];
    aa += x * x;
    bb += b[i] * b[i];
  });
  return product / (Math.sqrt(aa * bb) || 1);
}

/** The sentences of `models/sentences.txt`, one a line, and their vectors, computed here. */
async function indexOf(model) {
  const response = await fetch("models/sentences.txt");
  if (!response.ok) throw new Error(`models/sentences.txt: ${response.status}`);
  const sentences = (await response.text()).split("\n").filter(Boolean);
  const rows = [];
  let shown = performance.now();
  for (const text of sentences) {
    rows.push({ text, vector: await model.embed(text) });
    if (performance.now() - shown > 50) {
      progress(`Reading ${sentences.length} sentences`, rows.length / sentences.length);
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw
      shown = performance.now();
    }
  }
  $("loading").hidden = true;
  return rows;
}

function progress(text, share) {
  $("loading").hidden = false;
  $("loading-text").textContent = text;
  if (share === undefined) $("progress").removeAttribute("value");
  else $("progress").value = share;
}

const models = {};
let files;

function modelOf(name) {
  models[name] ??= (async () => {
    const started = performance.now();
    const model = await KerasBert.load(`models/${files[name]}`, {
      wasm: WASM,
      onProgress(loaded, total) {
        const done = total > 0 && loaded === total;
        progress(
          done ? "Starting the model" : `Loading the model: ${megabytes(loaded)}${total ? ` of ${megabytes(total)}` : ""}`,
          total && !done ? loaded / total : undefined,
        );
      },
    });
    model.loadMs = performance.now() - started;
    $("loading").hidden = true;
    return model;
  })();
  models[name].catch(() => delete models[name]); // so that the next try loads it anew
  return models[name];
}

let current;
let [isBusy, isStale] = [false, false];
let speaking;

/** Answers what stands there now; what is typed meanwhile is answered next, and only its last state. */
async function answer() {
  isStale = true;
  if (isBusy) return;
  isBusy = true;
  while (isStale) {
    isStale = false;
    const name = current;
    try {
      const model = await modelOf(name);
      const spoken = await tasks[name](model);
      if (name !== current) continue;
      $("error").hidden = true;
      const threads = model.numThreads === 1 ? "1 thread" : `${model.numThreads} threads`;
      $("status").textContent =
        `answered in ${model.latencyMs.toFixed(1)} ms on ${threads}; model ready after ${(model.loadMs / 1000).toFixed(1)} s` +
        (model.truncated ? "; the text is too long, and was cut" : "");
      clearTimeout(speaking); // a screen reader hears of answers when one stops typing
      speaking = setTimeout(() => ($("spoken").textContent = spoken), 700);
    } catch (error) {
      fail(error);
    }
  }
  isBusy = false;
}

function fail(error) {
  console.error(error);
  $("loading").hidden = true;
  $("status").textContent = "";
  $("error").textContent = `This did not work. ${error.message}`;
  $("error").hidden = false;
}

let tabs = [...document.querySelectorAll("[role=tab]")];
const viewOf = (tab) => tab.getAttribute("aria-controls");

function open(tab) {
  for (const other of tabs) {
    const isOpen = other === tab;
    other.setAttribute("aria-selected", isOpen);
    other.tabIndex = isOpen ? 0 : -1;
    $(viewOf(other)).hidden = !isOpen;
  }
  current = viewOf(tab);
  $("status").textContent = "";
  answer();
}

/** Takes the words of the examples out of a tab, whose file is not theirs. */
function clear(view) {
  for (const named of document.querySelectorAll(`#tab-${view}[data-own], #${view} [data-own]`)) named.textContent = named.dataset.own;
  for (const field of $(view).querySelectorAll("input, textarea")) field.value = "";
  for (const examples of $(view).querySelectorAll(".examples")) examples.hidden = true;
  for (const details of $(view).querySelectorAll("details")) details.open = true;
}

for (const tab of tabs) {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const last = tabs.length - 1;
    const place = tabs.indexOf(tab);
    const next = { ArrowRight: place < last ? place + 1 : 0, ArrowLeft: place > 0 ? place - 1 : last, Home: 0, End: last }[key];
    if (next === undefined) return;
    tabs[next].focus();
    open(tabs[next]);
  });
}
for (const field of document.querySelectorAll("input, textarea")) field.addEventListener("input", answer);
for (const button of document.querySelectorAll(".examples button")) {
  button.addEventListener("click", () => {
    $(`${current}-text`).value = button.textContent;
    answer();
  });
}

try {
  const response = await fetch("models/models.json");
  if (!response.ok) throw new Error(`models/models.json: ${response.status} ${response.statusText}`);
  files = await response.json();
  for (const tab of tabs) {
    tab.hidden = !files[viewOf(tab)];
    if (files[viewOf(tab)] !== `${viewOf(tab)}.tflite`) clear(viewOf(tab));
  }
  tabs = tabs.filter((tab) => !tab.hidden);
  open(tabs[0]);
} catch (error) {
  fail(error);
}
