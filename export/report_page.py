"""The HTML of a report: the verdict first, then what it rests on."""

from kerasbert.pages import Bar, Estimate, Table, document, escaped, percent, score_name
from kerasbert.pages.charts import history_charts, latency_chart

# The least share of texts for which a file should give the Keras model's answer; below, the verdict says so.
SAME_ANSWERS = 0.98


def page(numbers, benchmarks, evaluation=None, history=None):
    """Returns the page as HTML.

    Args:
        numbers: dict, the content of the report's JSON file.
        benchmarks: dict, name -> `Benchmark`.
        evaluation: `kerasbert.evaluation.Evaluation` or None.
        history: dict of lists or None, as `History.history` of Keras.
    """
    title, model = numbers["title"], numbers["model"]
    about = f"{model['task']}, {model['parameters']:,} parameters, {model['encoder']}" if model else ""
    parts = [f"<h1>{escaped(title)}</h1>", f'<p class="note">{escaped(about)}</p>']
    parts.append(_verdict(numbers, benchmarks, evaluation))
    if evaluation is not None:
        parts += _evaluation(evaluation)
    if history:
        charts = "".join(f"<figure>{chart}</figure>" for chart in history_charts(history))
        parts += ["<h2>Training</h2>", f'<div class="pair">{charts}</div>']
    if numbers["artifacts"] or numbers["verifications"]:
        parts += ["<h2>Files</h2>", files_table(numbers).html()]
    if numbers["verifications"]:
        parts += ["<h3>Texts with the largest difference</h3>", worst_table(numbers).html()]
    if benchmarks:
        parts += ["<h2>Speed and memory</h2>", _latency_charts(benchmarks)]
        parts += [latency_table(benchmarks).html(), cost_table(benchmarks).html()]
    if any(result.tokenizer_ms for result in benchmarks.values()):
        parts.append(tokenizer_table(benchmarks).html())
    if numbers["answers"]:
        parts += ["<h2>Answers</h2>", answers_table(numbers["answers"], numbers["expected"]).html()]
    parts += ["<h2>What it was measured on</h2>", _list(_card(numbers))]
    return document(title, "".join(parts))


# === The verdict ===


def _verdict(numbers, benchmarks, evaluation):
    headline, points = "", []
    if evaluation is not None:
        headline, points = evaluation.verdict()
    elif numbers["scores"]:
        headline = ", ".join(f"{score_name(name)} {value:.3f}" for name, value in numbers["scores"].items())
    for name, result in numbers["verifications"].items():
        if result["label_agreement"] is not None:
            same = result["label_agreement"]
            words = f"{name} answers {percent(same)} of {result['rows']:,} texts as the Keras model does."
            points.append((same >= SAME_ANSWERS, words))
    if benchmarks:
        points.append((True, _fastest(benchmarks)))
    if not headline and not points:
        return ""
    lines = "".join(f"<li{'' if good else ' class=look'}>{escaped(words)}</li>" for good, words in points)
    return f'<div class="verdict"><strong>{escaped(headline)}</strong><ul>{lines}</ul></div>'


def _fastest(benchmarks):
    """One sentence about the file that is fastest at its longest length, with the fewest threads."""

    def longest(result):
        fewest = min(threads for threads, _ in result.latency_ms)
        return max((threads == fewest, length) for threads, length in result.latency_ms)[1], fewest

    def key(name):
        length, threads = longest(benchmarks[name])
        return -length, benchmarks[name].latency_ms[threads, length]

    name = min(benchmarks, key=key)
    result = benchmarks[name]
    length, threads = longest(result)
    return (
        f"The fastest file, {name}, takes {milliseconds(result.latency_ms[threads, length])} ms for {length} "
        f"tokens on {threads_text(threads)}, and is {result.size_bytes / 1e6:,.1f} MB large."
    )


# === Sections ===


def _evaluation(evaluation):
    charts = evaluation.charts()
    parts = [
        f"<h2>How good is it?</h2><p class=note>{escaped(evaluation.model)}, {len(evaluation):,} rows.</p>"
    ]
    for table in evaluation.tables():
        content = table.html()
        if table.title in charts:
            content = f'<div class="pair"><figure>{charts[table.title]}</figure><div>{content}</div></div>'
        parts.append(f"<h3>{escaped(table.title)}</h3>{content}")
    return parts


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
    header = ["file", "MB", "weights", *map(score_name, measures)]
    header += ["same answer, %", "largest difference", "mean difference"]
    note = (
        "Differences are of single numbers of an answer, such as probabilities, from the Keras model's. "
        "Quantized files differ a little between processors."
    )
    return Table("Files", header, rows, note)


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


def _latency_charts(benchmarks):
    """One chart for each number of threads, so that a colour is a file."""
    counts = sorted({threads for result in benchmarks.values() for threads, _ in result.latency_ms})
    charts = []
    for count in counts:
        series = {name: points(result, count) for name, result in benchmarks.items() if points(result, count)}
        title = f"Latency on {threads_text(count)}"
        charts.append(f"<figure><h3>{title}</h3>{latency_chart(series, title)}</figure>")
    return f'<div class="pair">{"".join(charts)}</div>'


def points(result, threads):
    """`(length, median, low, high)` in milliseconds, by length."""
    return [
        (
            length,
            ms,
            result.latency_p10_ms.get((count, length), ms),
            result.latency_p90_ms.get((count, length), ms),
        )
        for (count, length), ms in sorted(result.latency_ms.items())
        if count == threads
    ]


def latency_table(benchmarks):
    """The median latencies with their spread, the fastest file first."""
    lengths = sorted({length for result in benchmarks.values() for _, length in result.latency_ms})
    rows = []
    for name, result in benchmarks.items():
        for threads in sorted({threads for threads, _ in result.latency_ms}):
            cells = {length: _spread(ms, low, high) for length, ms, low, high in points(result, threads)}
            rows.append([name, threads, *map(cells.get, lengths)])
    rows.sort(key=lambda row: [float("inf") if cell is None else cell.value for cell in row[:1:-1]])
    header = ["file", "threads", *(f"ms at {length} tokens" for length in lengths)]
    note = (
        "Medians, and below them from the 10th to the 90th percentile; one sequence at a time, after "
        "three runs that are not measured, in a process that has only the runtime."
    )
    return Table("Latency", header, rows, note)


def tokenizer_table(benchmarks):
    """The files' own tokenizers: their time, and its share of the model's."""
    lengths = sorted({length for result in benchmarks.values() for _, length in result.tokenizer_ms})
    rows = []
    for name, result in benchmarks.items():
        for threads in sorted({threads for threads, _ in result.tokenizer_ms}):
            cells = []
            for length in lengths:
                ms = result.tokenizer_ms.get((threads, length))
                share = percent(ms / result.latency_ms[threads, length]) if ms else ""
                cells.append(f"{milliseconds(ms)} ({share})" if ms else "")
            rows.append([name, threads, *cells])
    header = ["file", "threads", *(f"ms for {length} tokens" for length in lengths)]
    note = "Texts of as many tokens; in brackets the share of the model's time, which is without it."
    return Table("Tokenizer in the file", header, rows, note)


def _spread(ms, low, high):
    return Estimate(ms, low, high, 2 if ms < 10 else 1 if ms < 100 else 0)


def cost_table(benchmarks):
    """Size, load time and peak memory with the fewest threads, the smallest file first."""
    rows = []
    columns = {}
    for name, result in benchmarks.items():
        count = min(result.load_ms)
        columns[name] = (result.size_bytes / 1e6, result.load_ms[count], result.memory_bytes[count] / 1e6)
    most = [max(column) or 1 for column in zip(*columns.values(), strict=True)]
    for name, values in sorted(columns.items(), key=lambda item: item[1]):
        shares = zip(values, most, strict=True)
        rows.append(
            [
                name,
                *(Bar(f"{value:,.1f}" if value < 100 else f"{value:,.0f}", value / m) for value, m in shares),
            ]
        )
    note = (
        "Load: from opening the file to the first answer, on the fewest threads measured. Memory: the peak, "
        "above that of the runtime alone."
    )
    return Table("Size, loading and memory", ["file", "size in MB", "load in ms", "memory in MB"], rows, note)


def answers_table(answers, expected):
    """Texts with the right answer, where it is known, and those of the models."""
    names = list(next(iter(answers.values())))
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
        limits += f" Texts end after {model['max_sequence_length']} tokens."
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


def threads_text(count):
    """Returns a text such as `2 threads`."""
    return f"{count} thread{'s' * (count > 1)}"


def milliseconds(value):
    """Writes milliseconds with about three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
