"""From texts to batches: readers, rows, labels, and batches of texts of similar length."""

from kerasbert.data.answers import answer_spans
from kerasbert.data.batches import PackedTokens, ordered_batches, text_batches
from kerasbert.data.conll import read_conll
from kerasbert.data.documents import Documents, sentence_labels, sentence_spans, tokenize_documents
from kerasbert.data.label_graphs import (
    graph_weights,
    label_lookup,
    rows_of_hot,
    rows_of_numbers,
    rows_of_scores,
    whole_numbers,
)
from kerasbert.data.label_rows import multi_hot, row_numbers, row_weights
from kerasbert.data.labels import (
    IGNORED,
    NUMERIC_LABELS,
    as_array,
    check_labels,
    class_numbers,
)
from kerasbert.data.memory import single_texts, texts_in_memory
from kerasbert.data.oracle import oracle_labels
from kerasbert.data.pairs import group_columns, pair_batches
from kerasbert.data.readers import read_csv, read_json_lines
from kerasbert.data.rouge import rouge_scores, summary_words
from kerasbert.data.row_order import RowOrder, shuffled
from kerasbert.data.rows import (
    check_some_rows,
    count_batches,
    count_rows,
    counted,
    dataset_rows,
    is_dataset,
    is_empty,
    is_pair,
    is_tokens,
    no_rows,
    not_rows,
    pick_rows,
    raw_columns,
    rows_of,
    same_length,
    text_columns,
)
from kerasbert.data.schemes import (
    OUTSIDE,
    SCHEMES,
    convert,
    detect,
    entities,
    scheme_labels,
    scheme_of_names,
    spans_to_labels,
    type_of,
)
from kerasbert.data.sentence_windows import sentence_windows
from kerasbert.data.sentences import split_sentences
from kerasbert.data.squad import QuestionRows, read_squad
from kerasbert.data.squad_scores import squad_scores
from kerasbert.data.static_shapes import few_lengths, full_batches
from kerasbert.data.stream_datasets import stream_of, streamed_rows
from kerasbert.data.streams import RowStream
from kerasbert.data.tables import read_table
from kerasbert.data.tfrecords import read_tfrecord, write_tfrecord
from kerasbert.data.tracing import without_autograph
from kerasbert.data.windows import QuestionWindows, context_windows, windows_with_most_context
from kerasbert.data.word_graph import split_words, words_of_texts
from kerasbert.data.word_labels import numbers_of_spans, numbers_of_words
from kerasbert.data.word_windows import word_windows
from kerasbert.data.words import Words, are_words, tokenize_texts, tokenize_words

__all__ = [
    "SCHEMES",
    "QuestionRows",
    "RowStream",
    "class_numbers",
    "entities",
    "multi_hot",
    "oracle_labels",
    "read_conll",
    "read_csv",
    "read_json_lines",
    "read_squad",
    "read_table",
    "read_tfrecord",
    "rouge_scores",
    "scheme_labels",
    "split_sentences",
    "squad_scores",
    "write_tfrecord",
]
