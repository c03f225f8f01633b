"""The HTML of a report."""

import html

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .3rem .8rem; text-align: right }
th { border-bottom: 2px solid #888 } td { border-bottom: 1px solid #ddd }
td:first-child, th:first-child, .text td, .text th { text-align: left }
.worst td:last-child, .worst th:last-child { text-align: left }
.text td { vertical-align: top } svg { max-width: 100%; height: auto } .note { color: #555 }
"""


def page(numbers, benchmarks, plots):
    """Returns the page as HTML.

    Args:
        numbers: dict, the content of the report's JSON file.
        benchmarks: dict, name -> `Benchmark`.
        plots: str, SVG elements.
    """
    lengths = sorted({length for result in benchmarks.values() for _, length in result.latency_ms})
    parts = [
        f"<h1>{_text(numbers['title'])}</h1>",
        "<h2>Model card</h2>",
        _table([], _card(numbers, benchmarks), "text"),
        "<h2>Is it the same model?</h2>",
        _table(
            ["", *numbers["scores"], "same answer", "largest difference", "mean difference", "worst text"],
            _exactness(numbers),
            "worst",
        ),
        "<p class=note>Differences are of single answers, such as probabilities, from the Keras model's. "
        "Quantized products differ a little between processors.</p>",
        "<h2>Speed</h2>",
        plots,
        _table(
            ["median ms at", *(f"{n} tokens" for n in lengths), "load ms", "memory MB"],
            _speed(benchmarks, lengths),
            "",
        ),
        "<p class=note>One sequence at a time, after three unmeasured runs, in a process that has only "
        "the runtime. Load: from opening the file to the first answer. "
        "Memory: peak above the bare runtime's.</p>",
        "<h2>Answers</h2>",
        _table(*_answers(numbers["answers"]), "text"),
        "<h2>Measured on</h2>",
        f"<p>{_text(', '.join(f'{key} {value}' for key, value in numbers['machine'].items()))}</p>",
    ]
    title = _text(numbers["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _card(numbers, benchmarks):
    """The rows of the model card: facts about the model, then about each of its files."""
    model, card = numbers["model"], numbers["card"]
    rows = [
        ["model", f"{model['task']}, {model['parameters']:,} parameters, {model['encoder']}"],
        ["answers", ", ".join(map(str, model["labels"]))],
        ["data", card["data"]],
        ["metric", f"{card['metric']}: {_scores(numbers['scores'])}"],
        ["limits", f"{card['limits']} Texts end after {model['max_sequence_length']} tokens."],
    ]
    for name, artifact in numbers["artifacts"].items():
        facts = [f"{artifact['size_bytes'] / 1e6:.1f} MB"]
        if artifact["recipe"]:
            facts.append(f"recipe {artifact['recipe']}")
        facts += [f"{part} in {recipe}" for part, recipe in artifact["part_recipes"].items()]
        if artifact["partitions"] is not None:
            facts.append(f"{artifact['partitions']} XNNPACK partitions")
        if name in numbers["verifications"]:
            facts.append(_scores(numbers["verifications"][name]["scores"]))
        if name in benchmarks:
            latency = benchmarks[name].latency_ms
            threads = min(threads for threads, _ in latency)
            times = (f"{latency[threads, n]:.2f} ms at {n}" for t, n in sorted(latency) if t == threads)
            facts.append(f"{', '.join(times)} tokens ({threads_text(threads)})")
        rows.append([name, "; ".join(filter(None, facts))])
    return [row for row in rows if row[1]]


def _exactness(numbers):
    rows = [["Keras", *(f"{value:.3f}" for value in numbers["scores"].values()), "", "", "", ""]]
    for name, result in numbers["verifications"].items():
        scores = (result["scores"].get(measure) for measure in numbers["scores"])
        agreement = ""
        if result["label_agreement"] is not None:
            agreement = f"{result['label_agreement']:.1%} of {result['rows']}"
        difference = [f"{result[key]:.2g}" for key in ("max_difference", "mean_difference")]
        shown = ["" if value is None else f"{value:.3f}" for value in scores]
        rows.append([name, *shown, agreement, *difference, result["worst_text"]])
    return rows


def _speed(benchmarks, lengths):
    def shown(ms):
        return "" if ms is None else f"{ms:.2f}"

    return [
        [
            f"{name}, {threads_text(count)}",
            *(shown(result.latency_ms.get((count, length))) for length in lengths),
            f"{result.load_ms[count]:.0f}",
            f"{result.memory_bytes[count] / 1e6:.0f}",
        ]
        for name, result in benchmarks.items()
        for count in sorted(result.load_ms)
    ]


def _answers(answers):
    names = list(next(iter(answers.values()))) if answers else []
    return ["text", *names], [[text, *(row[name] for name in names)] for text, row in answers.items()]


def _scores(scores):
    return ", ".join(f"{measure} {value:.3f}" for measure, value in scores.items())


def threads_text(count):
    """Returns a text such as `2 threads`."""
    return f"{count} thread{'s' * (count > 1)}"


def _table(header, rows, kind):
    def line(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = line(header, "th") if header else ""
    return f'<table class="{kind}">{head}{"".join(line(row, "td") for row in rows)}</table>'


def _text(value):
    """Escapes text for HTML; lone surrogates, which cannot be encoded, become question marks."""
    return html.escape(str(value).encode("utf-8", "replace").decode("utf-8"))
