"""The part of a report about speed, size and memory."""

from kerasbert.pages import Bar, Estimate, Table, percent
from kerasbert.pages.charts import latency_chart

FROM_TEXT = " (from text to answer)"


def fastest(benchmarks):
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


def latency_charts(benchmarks):
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
            rows.append([name + FROM_TEXT * result.from_text, threads, *map(cells.get, lengths)])
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
                share = percent(result.tokenizer_share(threads, length)) if ms else ""
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


def threads_text(count):
    """Returns a text such as `2 threads`."""
    return f"{count} thread{'s' * (count > 1)}"


def milliseconds(value):
    """Writes milliseconds with about three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
