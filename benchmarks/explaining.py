"""Integrated gradients of film reviews: are they complete, equal to captum's, and do they find what matters?

    python benchmarks/fine_tuning.py vader_polarity --save film.keras
    python benchmarks/explaining.py --model film.keras

Completeness: the error of the sum of a review's attributions, as a fraction of the difference between the
answers to the review and to one without words. Deletion: how much the probability of the predicted class
falls without the 20 % of words with the largest attributions, and without as many random words (means of
five draws). captum: the same weights in transformers, the same class, baseline, points and steps, one
review at a time; both take turns, and the ratio is taken within each turn.
"""

import argparse
import contextlib
import pathlib
import statistics
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
from public_sets import SETS, SHARED

from kerasbert import explain, export

STEPS = 64


def without(explanation, rows):
    """The text of an explanation without some of its words."""
    text, end, kept = explanation.texts[0], 0, []
    for number in sorted(rows):
        word = explanation.words[number]
        kept.append(text[end : word.start])
        end = word.end
    return " ".join("".join([*kept, text[end:]]).split())


def deletion(task, found, random):
    """How much the probability of the class falls: without the strongest words, and without random ones."""
    texts, strongest, others = [], [], []
    for explanation in found:
        shares = [word.attribution for word in explanation.words]
        count = max(1, round(0.2 * len(shares)))
        texts.append(explanation.texts[0])
        strongest.append(without(explanation, np.argsort(shares)[-count:].tolist()))
        others += [without(explanation, random.permutation(len(shares))[:count].tolist()) for _ in range(5)]
    every = task.predict([*texts, *strongest, *others], verbose=0)
    labels = np.array([task.labels.index(explanation.target) for explanation in found])
    rows = np.concatenate([labels, labels, np.repeat(labels, 5)])
    before, top, drawn = np.split(every[np.arange(len(rows)), rows], [len(texts), 2 * len(texts)])
    return float(np.mean(before - top)), float(np.mean(before - drawn.reshape(-1, 5).mean(1)))


def captum_of(task):
    """A function of a text and a class that returns captum's attributions of the tokens."""
    import torch
    import transformers
    from captum.attr import LayerIntegratedGradients

    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        export.to_huggingface(task, pathlib.Path(folder) / "film")
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            pathlib.Path(folder) / "film", attn_implementation="sdpa"
        )
    model.eval()
    for weight in model.parameters():
        weight.requires_grad_(False)

    def log_odds(ids, mask, label):
        logits = model(input_ids=ids, attention_mask=mask).logits
        others = logits.clone()
        others[:, label] = -1e9
        return logits[:, label] - others.logsumexp(-1)

    # Without gradients of weights the layer's output would have none either.
    model.bert.embeddings.word_embeddings.weight.requires_grad_(True)
    method = LayerIntegratedGradients(log_odds, model.bert.embeddings)

    def attributions(text, label):
        tokens = task.tokenizer([text], max_length=task.max_sequence_length)
        ids = torch.tensor(tokens["token_ids"].numpy(), dtype=torch.long)
        special = (ids == task.tokenizer.cls_id) | (ids == task.tokenizer.sep_id)
        baseline = torch.where(special, ids, task.tokenizer.mask_id)
        found = method.attribute(
            ids,
            baseline,
            additional_forward_args=(torch.ones_like(ids), label),
            n_steps=STEPS,
            method="gausslegendre",
        )
        return found.sum(-1)[0].detach().numpy()

    return attributions


def beside_captum(task, texts):
    """Both explain each review in turn."""
    rival = captum_of(task)
    labels = task.predict_labels(texts, verbose=0)
    differences, ratios, seconds = [], [], []
    for turn, (text, label) in enumerate(zip(texts, labels, strict=False)):
        clock, results = {}, {}
        for name in ("ours", "captum")[:: -1 if turn % 2 else 1]:
            start = time.perf_counter(), time.process_time()
            if name == "ours":
                [found] = explain.integrated_gradients(task, [text], label, steps=STEPS)
                results[name] = np.array([token.attribution for token in found.tokens])
            else:
                results[name] = rival(text, task.labels.index(label))
            clock[name] = time.perf_counter() - start[0], time.process_time() - start[1]
        differences.append(float(np.abs(results["ours"] - results["captum"]).max()))
        if turn > 1:  # the first ones warm up
            ratios.append([b / a for a, b in zip(clock["ours"], clock["captum"], strict=True)])
            seconds.append(clock["ours"][0])
    print(f"captum, {len(differences)} reviews: largest difference of a token {max(differences):.1e}")
    for name, values in zip(("wall", "CPU"), zip(*ratios, strict=True), strict=True):
        low, middle, high = statistics.quantiles(values, n=4)
        print(f"captum's {name} time is {middle:.2f} times ours ({low:.2f} to {high:.2f})")
    print(f"ours: {statistics.median(seconds):.2f} s a review", flush=True)


def what_matters(task, texts):
    """Completeness and the deletion test."""
    random = np.random.default_rng(0)
    for baseline in ("mask", "pad"):
        found = explain.integrated_gradients(task, texts, steps=STEPS, baseline=baseline)
        errors = np.array([explanation.completeness_error for explanation in found])
        # A fraction of a difference of nearly 0 says little.
        far = np.array([abs(e.value - e.baseline_value) > 0.1 for e in found])
        print(
            f"[{baseline.upper()}], {len(texts)} reviews: completeness error, "
            f"median {np.median(errors):.3%}, "
            f"95 % of reviews below {np.quantile(errors, 0.95):.3%}, largest {errors[far].max():.2%} "
            f"where log-odds differ by more than 0.1 ({far.mean():.0%})"
        )
        top, drawn = deletion(task, found, random)
        print(f"  deletion: -{top:.3f} without the strongest words, -{drawn:.3f} without random ones: "
              f"{top / drawn:.1f} times", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--reviews", type=int, default=500, help="of completeness and deletion")
    parser.add_argument(
        "--turns", type=int, default=30, help="reviews that captum explains too; wants both cores alone"
    )
    options = parser.parse_args()
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(2)
        tf.config.threading.set_inter_op_parallelism_threads(2)
    task = keras.saving.load_model(options.model)
    texts = list(SETS["vader_polarity"].read(options.shared)["test"][0])
    np.random.default_rng(1).shuffle(texts)  # in the file those of one polarity stand together

    if options.turns:
        beside_captum(task, texts[: options.turns])
    if options.reviews:
        what_matters(task, texts[: options.reviews])


if __name__ == "__main__":
    main()
