/** Which words speak for a classifier's answer: those without which it would be less probable. */

// More words than this are not tried; each takes an answer of the model.
const MOST_WORDS = 100;

const logOdds = (p) => {
  const inside = Math.min(Math.max(p, 1e-6), 1 - 1e-6);
  return Math.log(inside / (1 - inside));
};

// An emoji, a Chinese character, which a BERT reads alone, or a word of other letters.
const LETTERS = "(?:(?!\\p{Script=Han})[\\p{L}\\p{N}\\p{M}])+";
const WORD = new RegExp(`\\p{Extended_Pictographic}|\\p{Script=Han}|${LETTERS}(?:['’-]${LETTERS})*`, "gu");

/** The words of a text, as `{ start, end }` in UTF-16. */
export function wordsOf(text) {
  return [...text.matchAll(WORD)].map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
}

/**
 * Leaves out one word at a time (Li et al. 2016, https://arxiv.org/abs/1612.08220).
 *
 * @param {KerasBert} model a classifier.
 * @param {string} text
 * @param {() => boolean} isStale whether to stop, because the text has changed.
 * @returns the answer, `{ label, probabilities, words, untried }`, where each word has a `share`: by how much the
 *     log-odds of the label fall without it. `untried` counts the words after the first 100. Null if it was stopped.
 */
export async function explain(model, text, isStale = () => false) {
  const { label: best, probabilities } = await model.classify(text);
  const label = best ?? Object.keys(probabilities).reduce((a, b) => (probabilities[a] >= probabilities[b] ? a : b));
  const every = wordsOf(text);
  const words = every.slice(0, MOST_WORDS);
  for (const word of words) {
    if (isStale()) return null;
    const without = await model.classify(text.slice(0, word.start) + text.slice(word.end));
    word.share = logOdds(probabilities[label]) - logOdds(without.probabilities[label]);
  }
  return { label, probabilities, words, untried: every.length - words.length };
}
