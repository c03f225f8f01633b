"""The HTML of a report: the verdict first, then what it rests on."""

from kerasbert.export.report_speed import cost_table, fastest, latency_charts, latency_table, tokenizer_table
from kerasbert.pages import Bar, Table, document, escaped, percent, score_name
from kerasbert.pages.charts import history_charts, undrawn

# The least share of texts for which a file should give the Keras model's answer; below, the verdict says so.
SAME_ANSWERS = 0.98
# The largest share of answers that may change with a text whose label stays; above, the verdict says so.
CHANGED_ANSWERS = 0.05


def page(numbers, benchmarks, evaluation=None, history=None, explanations=None, robustness=None):
    """Returns the page as HTML.

    Args:
        numbers: dict, the content of the report's JSON file.
        benchmarks: dict, name -> `Benchmark`.
        evaluation: `kerasbert.evaluation.Evaluation` or None.
        history: dict of lists or None, as `History.history` of Keras.
        explanations: dict or None, number of a row -> `kerasbert.explain.Explanation`.
        robustness: `kerasbert.robustness.Invariance` or None.
    """
    title, model = numbers["title"], numbers["model"]
    about = f"{model['task']}, {model['parameters']:,} parameters, {model['encoder']}" if model else ""
    parts = [f"<h1>{escaped(title)}</h1>", f'<p class="note">{escaped(about)}</p>']
    parts.append(_verdict(numbers, benchmarks, evaluation, robustness))
    if evaluation is not None:
        parts += _evaluation(evaluation, explanations)
    if robustness is not None:
        parts += _robustness(robustness)
    if history:
        charts = "".join(f"<figure>{chart}</figure>" for chart in history_charts(history))
        parts += ["<h2>Training</h2>", f'<div class="pair">{charts}</div>']
        several = ", ".join(name.replace("_", " ") for name in undrawn(history))
        if several:
            parts.append(f'<p class="note">With several numbers an epoch, not drawn: {escaped(several)}.</p>')
    if numbers["artifacts"] or numbers["verifications"]:
        parts += ["<h2>Files</h2>", files_table(numbers).html()]
    if numbers["verifications"]:
        parts += ["<h3>Texts with the largest difference</h3>", worst_table(numbers).html()]
    if benchmarks:
        parts += ["<h2>Speed and memory</h2>", latency_charts(benchmarks)]
        parts += [latency_table(benchmarks).html(), cost_table(benchmarks).html()]
    if any(result.tokenizer_ms for result in benchmarks.values()):
        parts.append(tokenizer_table(benchmarks).html())
    if numbers["answers"]:
        parts += ["<h2>Answers</h2>", answers_table(numbers["answers"], numbers["expected"]).html()]
    parts += ["<h2>What it was measured on</h2>", _list(_card(numbers))]
    return document(title, "".join(parts))


# === The verdict ===


def _verdict(numbers, benchmarks, evaluation, robustness):
    headline, points = "", []
    if evaluation is not None:
        headline, points = evaluation.verdict()
    elif numbers["scores"]:
        headline = ", ".join(f"{score_name(name)} {value:.3f}" for name, value in numbers["scores"].items())
    if robustness is not None:
        rate, words = robustness.verdict()
        points.append((rate <= CHANGED_ANSWERS, words))
    for name, result in numbers["verifications"].items():
        if result["label_agreement"] is not None:
            same = result["label_agreement"]
            words = f"{name} answers {percent(same)} of {result['rows']:,} texts as the Keras model does."
            points.append((same >= SAME_ANSWERS, words))
    if benchmarks:
        points.append((True, fastest(benchmarks)))
    if not headline and not points:
        return ""
    lines = "".join(f"<li{'' if good else ' class=look'}>{escaped(words)}</li>" for good, words in points)
    return f'<div class="verdict"><strong>{escaped(headline)}</strong><ul>{lines}</ul></div>'


# === Sections ===


def _evaluation(evaluation, explanations):
    charts = evaluation.charts()
    parts = [
        f"<h2>How good is it?</h2><p class=note>{escaped(evaluation.model)}, {len(evaluation):,} rows.</p>"
    ]
    for table in evaluation.tables(explanations=explanations):
        content = table.html()
        if table.title in charts:
            content = f'<div class="pair"><figure>{charts[table.title]}</figure><div>{content}</div></div>'
        parts.append(f"<h3>{escaped(table.title)}</h3>{content}")
    return parts


def _robustness(robustness):
    tables = [robustness.table(), robustness.examples_table()]
    shown = (f"<h3>{escaped(table.title)}</h3>{table.html()}" for table in tables if table.rows)
    return ["<h2>What breaks it?</h2>", *shown]


def files_table(numbers):
    """The files: what they weigh, and how far they are from the Keras model; the smallest first."""
    sizes = {name: artifact["size_bytes"] for name, artifact in numbers["artifacts"].items()}
    most = max(sizes.values(), default=1)
    measures = list(numbers["scores"])
    rows = [["Keras model", None, "", *numbers["scores"].values(), None, None, None]]
    names = sorted({*sizes, *numbers["verifications"]}, key=lambda name: (sizes.get(name, most), name))
    for name in names:
        result = numbers["verifications"].get(name, {})
        size = sizes.get(name)
        agreement = result.get("label_agreement")
        rows.append(
            [
                name,
                None if size is None else Bar(f"{size / 1e6:,.1f}", size / most),
                _recipe(numbers["artifacts"].get(name, {})),
                *(result.get("scores", {}).get(measure) for measure in measures),
                None if agreement is None else Bar(f"{100 * agreement:.1f}", agreement),
                result.get("max_difference"),
                result.get("mean_difference"),
            ]
        )
    header = ["file", "size in MB", "weights", *map(score_name, measures)]
    header += ["same answer in %", "largest difference", "mean difference"]
    note = (
        "Differences are of single numbers of an answer, such as probabilities, from the Keras model's. "
        "Quantized files differ a little between processors."
    )
    return Table("Files", header, rows, note, wide=True)


def worst_table(numbers):
    """The text on which each file differs most from the Keras model, the largest difference first."""
    found = sorted(numbers["verifications"].items(), key=lambda item: -item[1]["max_difference"])
    rows = [[str(result["worst_text"]), name, float(result["max_difference"])] for name, result in found]
    return Table("Texts with the largest difference", ["text", "file", "difference"], rows, wide=True)


def _recipe(artifact):
    if not artifact:
        return ""
    parts = [artifact["recipe"] or artifact["format"]]
    parts += [f"{part} in {recipe}" for part, recipe in artifact["part_recipes"].items()]
    if artifact["partitions"] is not None:
        parts.append(f"{artifact['partitions']} XNNPACK partition{'s' * (artifact['partitions'] != 1)}")
    return ", ".join(parts)


def answers_table(answers, expected):
    """Texts with the right answer, where it is known, and those of the models."""
    names = list(dict.fromkeys(name for row in answers.values() for name in row))
    with_expected = ["expected"] if expected else []
    rows = [
        [
            text,
            *([expected.get(text, "")] if expected else []),
            *(_answer(row.get(name, "")) for name in names),
        ]
        for text, row in answers.items()
    ]
    return Table("Answers", ["text", *with_expected, *names], rows, wide=True)


def _answer(answer):
    """An answer, with its probability where it is a pair."""
    if isinstance(answer, (list, tuple)):
        label, probability = answer
        return f"{label}, {percent(probability)}"
    return answer


def _card(numbers):
    model, card = numbers["model"], numbers["card"]
    limits = card["limits"]
    if model:
        length = model["max_sequence_length"]
        limits += (
            f" Longer texts are read in windows of {length} tokens."
            if model["windows"]
            else (f" Texts end after {length} tokens.")
        )
    rows = {
        "data": card["data"],
        "metric": card["metric"],
        "answers": ", ".join(map(str, model["labels"])) if model else "",
        "limits": limits.strip(),
        "machine": ", ".join(f"{key} {value}" for key, value in numbers["machine"].items()),
    }
    return {name: value for name, value in rows.items() if value}


def _list(rows):
    pairs = (f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in rows.items())
    return f"<dl>{''.join(pairs)}</dl>"
