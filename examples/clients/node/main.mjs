/**
 * node main.mjs FILE TEXT [SECOND TEXT]: what a file answers to a text, as JSON. Without a text it answers each line that it
 * reads, with a tab before a second text.
 */
import { readFile } from "node:fs/promises";
import { KerasBert } from "./kerasbert.mjs";

const [path, ...texts] = process.argv.slice(2);
const model = await KerasBert.load(await readFile(path));

async function tell(texts) {
  const answer = await model[model.description.kind](...texts);
  // JSON has no infinity: JSON.stringify writes null.
  console.log(JSON.stringify(answer instanceof Float32Array ? [...answer] : answer));
}

if (texts.length > 0) await tell(texts);
else {
  let rest = "";
  process.stdin.setEncoding("utf-8");
  for await (const part of process.stdin) {
    const lines = (rest + part).split("\n"); // readline would end a line at other characters, too
    rest = lines.pop();
    for (const line of lines) await tell(line.split("\t"));
  }
}
