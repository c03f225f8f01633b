"""Files of labelled texts, streamed row by row."""

import csv
import itertools
import pathlib

from kerasbert import checks
from kerasbert.optional import tensorflow as tf


def read_csv(path, text="text", label="label", text_pair=None, separator=",", quoted=True):
    """Streams a table with a header line as a data set that `fit` takes.

    Args:
        path: str or path, UTF-8.
        text: str, the name of the column of texts.
        label: str or None, the name of the column of labels; None for texts alone.
        text_pair: str or None, the name of the column of second texts.
        separator: str, one character; `"\\t"` for TSV.
        quoted: bool, whether `"` quotes a field. Many TSV files do not quote.

    Returns:
        `tf.data.Dataset` of `(x, label)`, or of `x` without a label column; `x` is a string or a pair.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column is missing; while reading, if a row has another number of fields or is
            not UTF-8. It names the line.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False)
    >>> _ = file.write("text,label\\nwhat a film,good\\n"); file.close()
    >>> [(x.numpy().decode(), y.numpy().decode()) for x, y in read_csv(file.name)]
    [('what a film', 'good')]
    """
    path = pathlib.Path(path)
    options = {"delimiter": separator, "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE}
    wanted = [name for name in (text, text_pair, label) if name is not None]
    header = next(_rows(path, options), [])
    missing = [name for name in wanted if name not in header]
    if missing:
        raise checks.invalid(
            "The header must name every column that is asked for.",
            fix="Name the columns with `text`, `label` and `text_pair`; check `separator`.",
            where=str(path),
            missing=missing,
            header=header,
        )
    places = [header.index(name) for name in wanted]

    def rows():
        for row in itertools.islice(_rows(path, options), 1, None):
            fields = [row[i] for i in places]
            x = tuple(fields[:2]) if text_pair else fields[0]
            yield (x, fields[-1]) if label else x

    scalar = tf.TensorSpec((), tf.string)
    x_spec = (scalar, scalar) if text_pair else scalar
    return tf.data.Dataset.from_generator(rows, output_signature=(x_spec, scalar) if label else x_spec)


def _rows(path, options):
    """Yields the rows of a table as lists of str, the header first, all of its length."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader, fields = csv.reader(file, **options), None
        try:
            for row in reader:
                fields = fields or len(row)
                if len(row) != fields:
                    raise checks.invalid(
                        f"A row must have {fields} fields, as the header has.",
                        fix="Correct the line; check `separator` and `quoted`.",
                        where=f"{path}, line {reader.line_num}",
                        fields=len(row),
                    )
                yield row
        except (UnicodeDecodeError, csv.Error) as error:
            raise checks.invalid(
                "The file must be a UTF-8 table.",
                fix="Convert it to UTF-8; check `quoted`.",
                where=f"{path}, after line {reader.line_num}",
                reason=str(error),
            ) from error
