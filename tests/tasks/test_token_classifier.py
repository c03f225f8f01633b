import itertools
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.data import convert, scheme_labels
from kerasbert.tasks import Entity

PEOPLE, OTHERS = ["anna", "ben"], ["in", "is", "and", "the", "."]
TOKENS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "bonn",
    "rom",
    "##e",
    *PEOPLE,
    *OTHERS,
    "new",
    "##s",
    "##a",
]
TOKENS += ["東", "sao", "york"]  # "Rome" has two pieces
LABELS = scheme_labels(["LOC", "PER"])
SENTENCES = [
    ["Anna", "is", "in", "Bonn", "."],
    ["the", "New", "York"],
    ["Ben", "and", "Anna", "is", "in", "Rome", "and", "New", "York", "."],
    ["is", "Bonn", "the", "Rome"],
    ["."],
    ["in", "São", "and", "東", "is", "Ben"],
    ["Rome", "Anna", "the", "Ben", "in", "New", "York", "and", "São"],
]


def label(words):
    kinds = dict.fromkeys(["bonn", "rome", "são", "東", "new"], "B-LOC") | dict.fromkeys(PEOPLE, "B-PER")
    return [kinds.get(word.lower(), "I-LOC" if word == "York" else "O") for word in words]


Y = [label(words) for words in SENTENCES]
TEXTS = [" ".join(words) for words in SENTENCES]


def spans(words):
    """The entities of a sentence in characters, found the simple way."""
    ends = list(itertools.accumulate(len(word) + 1 for word in words))
    found = []
    for word, name, end in zip(words, label(words), ends, strict=True):
        if name.startswith("B"):
            found.append((end - len(word) - 1, end - 1, name[2:]))
        elif name.startswith("I"):
            found[-1] = (found[-1][0], end - 1, name[2:])
    return found


def make(labels=LABELS, tokenizer=None, **kwargs):
    tokenizer = tokenizer or kerasbert.BertTokenizer(TOKENS)
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=16,
        max_sequence_length=24,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.3,
    )
    return kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), tokenizer, labels, **kwargs)


@pytest.fixture
def task():
    task = make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    return task


@pytest.fixture(scope="module")
def taught():
    """A task that knows its few words by heart. Not to be changed."""
    keras.utils.set_random_seed(0)
    task = make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    generator = np.random.default_rng(0)
    words = ["New York", *(word for words in SENTENCES for word in words if word not in ("New", "York"))]
    rows = [" ".join(generator.choice(words, generator.integers(1, 12))).split() for _ in range(200)]
    task.fit(SENTENCES + rows, Y + [label(row) for row in rows], batch_size=16, epochs=12, verbose=0)
    return task


def tokens_of(task):
    """All sentences as tokens, with class numbers, made one by one."""
    rows, labels = [], []
    for words, names in zip(SENTENCES, Y, strict=True):
        pieces = [task.tokenizer.tokenize(word).numpy().tolist() for word in words]
        rows.append([2, *itertools.chain(*pieces), 3])
        numbers = [
            [task.labels.index(name)] + [-100] * (len(p) - 1) for p, name in zip(pieces, names, strict=True)
        ]
        labels.append([-100, *itertools.chain(*numbers), -100])
    length = max(map(len, rows))
    ids = np.array([row + [0] * (length - len(row)) for row in rows], "int32")
    y = np.array([row + [-100] * (length - len(row)) for row in labels], "int32")
    return {
        "token_ids": ids,
        "segment_ids": np.zeros_like(ids),
        "padding_mask": (ids > 0).astype("int32"),
    }, y


# === What fit takes ===


def numbers():
    return [[LABELS.index(name) for name in row] for row in Y]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (SENTENCES, Y),
        (SENTENCES, numbers()),
        (tuple(SENTENCES), tuple(map(np.array, numbers()))),
        (pd.Series(SENTENCES, index=range(5, 12)), pd.Series(Y)),
        ([np.array(words) for words in SENTENCES], [np.array(row) for row in Y]),
        (SENTENCES, [convert(row, "BIO", "IOB1") for row in Y]),
        (SENTENCES, [convert(row, "BIO", "BILOU") for row in Y]),
        (TEXTS, [spans(words) for words in SENTENCES]),
        (np.array(TEXTS), [spans(words) for words in SENTENCES]),
        (tf.constant(TEXTS), [spans(words) for words in SENTENCES]),
        (pd.Series(TEXTS), [spans(words) for words in SENTENCES]),
        ([text.encode() for text in TEXTS], [spans(words) for words in SENTENCES]),
        ("tokens", None),
        ("data set of tokens", None),
    ],
    ids=lambda v: None,
)
def test_every_form_of_the_same_rows_scores_and_trains_the_same(task, x, y):
    loss, accuracy = by_hand(task)
    if isinstance(x, str):
        tokens, labels = tokens_of(task)
        as_set = tf.data.Dataset.from_tensor_slices((tokens, labels)).batch(7)
        x, y = (as_set, None) if "data set" in x else (tokens, labels)
    np.testing.assert_allclose(task.evaluate(x, y, verbose=0), [loss, accuracy], rtol=1e-4)
    history = task.fit(x, y, validation_data=(x, y) if y is not None else x, epochs=1, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-4)
    assert history.history["val_loss"][0] < loss


def by_hand(task):
    """The loss and the accuracy over first pieces, in numpy."""
    tokens, y = tokens_of(task)
    logits = np.asarray(task(tokens))
    counts = y >= 0
    log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_probabilities, np.where(counts, y, 0)[..., None], -1)[..., 0]
    return -chosen[counts].mean(), (logits.argmax(-1) == y)[counts].mean()


def test_a_word_without_pieces_shifts_nothing(task):
    odd = [[*words, "\x07"] for words in SENTENCES]
    odd[1:3] = [["\u200b", *words, "\x07"] for words in SENTENCES[1:3]]
    labels = [[*(["B-PER"] * (len(o) - len(y) - 1)), *y, "B-LOC"] for o, y in zip(odd, Y, strict=True)]
    np.testing.assert_allclose(task.evaluate(odd, labels, verbose=0), by_hand(task), rtol=1e-4)


def test_words_with_minus_100_do_not_count(task):
    rows = [
        [-100 if word == "Anna" else n for word, n in zip(*row, strict=True)]
        for row in zip(SENTENCES, numbers(), strict=True)
    ]
    tokens, y = tokens_of(task)
    y[tokens["token_ids"] == TOKENS.index("anna")] = -100
    np.testing.assert_allclose(
        task.evaluate(SENTENCES, rows, verbose=0), task.evaluate(tokens, y, verbose=0), rtol=1e-4
    )


def test_weights_of_rows(task):
    few = task.evaluate(SENTENCES[2:4], Y[2:4], verbose=0)[0]
    counted, others = sum(map(len, Y[2:4])), sum(map(len, Y[:2] + Y[4:]))
    weights = [0, 0, 1.0, 1.0, 0, 0, 0]
    weighted = task.evaluate(SENTENCES, Y, sample_weight=weights, verbose=0)[0]
    np.testing.assert_allclose(weighted, few * counted / (counted + others), rtol=1e-4)
    history = task.fit(SENTENCES, Y, sample_weight=weights, validation_split=0.3, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    with pytest.raises(ValueError, match="no `class_weight`"):
        task.fit(SENTENCES, Y, class_weight={0: 1.0}, verbose=0)


def test_a_pooler_that_is_not_read_is_not_trained(task):
    assert task.encoder.pooler is not None
    assert not [weight.path for weight in task.trainable_variables if "pooler" in weight.path]
    assert len(task.trainable_weights) == len(task.weights) - 2
    classifier = kerasbert.BertTextClassifier(task.encoder, task.tokenizer, ["a", "b"])
    assert [weight.path for weight in classifier.trainable_weights if "pooler" in weight.path]


def test_it_learns(taught):
    assert taught.predict_labels(SENTENCES, verbose=0) == Y
    assert taught.evaluate(SENTENCES, Y, verbose=0, return_dict=True)["accuracy"] == 1.0
    for warm in (SENTENCES, TEXTS):
        found = taught.predict(warm, verbose=0)
        assert [[(e.start, e.end, e.type) for e in row] for row in found] == [spans(w) for w in SENTENCES]


def test_long_rows_train_whole(task):
    """One row of all sentences, in windows: every word counts once, none is cut off."""
    long, labels = list(itertools.chain(*SENTENCES)), list(itertools.chain(*Y))
    assert len(long) > task.max_sequence_length
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = task.fit([long], [labels], epochs=40, batch_size=8, verbose=0)
        assert history.history["accuracy"][-1] == 1.0
        assert task.predict_labels([long], verbose=0) == [labels]
    task.evaluate([long], [labels], verbose=0)
    assert float(task.metrics[1].metrics[0].count) == len(long)


# === predict ===


def test_entities_stand_where_they_say(taught):
    texts = [
        "👩‍🚀 Anna\u0301 is in  NEW\tYork, 東 🎉.",
        "\ufeffBonn\u200b",
        "Ｒｏｍｅ rome",
        "\ud800 São. Sa\u0303o",
    ]
    found = taught.predict(texts, verbose=0)
    for text, row in zip(texts, found, strict=True):
        for entity in row:
            assert text[entity.start : entity.end] == entity.text
            assert 0 < entity.score <= 1
    named = [[(entity.text, entity.type) for entity in row] for row in found]
    assert ("NEW\tYork", "LOC") in named[0]
    assert ("東", "LOC") in named[0]
    assert ("Anna\u0301", "PER") in named[0]
    assert named[1] == [("Bonn", "LOC")]
    assert ("rome", "LOC") in named[2]
    assert named[3][:1] == [("São", "LOC")]
    assert ("Sa\u0303o", "LOC") in named[3]


def test_words_and_texts_give_the_same_entities(taught):
    assert taught.predict(SENTENCES, verbose=0) == taught.predict(TEXTS, verbose=0)
    entity = taught.predict([SENTENCES[1]], verbose=0)[0][0]
    assert entity == Entity("New York", "LOC", entity.score, 4, 12, 1, 3)
    assert SENTENCES[1][entity.first_word : entity.end_word] == ["New", "York"]


def test_the_score_is_the_mean_over_words(taught):
    tokens = taught.tokenizer(["the New York"])
    probabilities = taught.predict({k: np.asarray(v) for k, v in tokens.items()}, verbose=0)
    assert probabilities.shape == (1, 5, 5)
    expected = (probabilities[0, 2].max() + probabilities[0, 3].max()) / 2
    np.testing.assert_allclose(taught.predict(["the New York"], verbose=0)[0][0].score, expected, rtol=1e-5)


def test_rows_come_back_in_order_and_alike_in_any_batch(taught):
    rows = [words * n for n in (1, 4, 2) for words in SENTENCES] + [[]]
    together = taught.predict_labels(rows, batch_size=4, verbose=0)
    assert together == [taught.predict_labels([row], verbose=0)[0] for row in rows]
    assert [len(row) for row in together] == [len(row) for row in rows]


def test_each_word_is_decided_where_it_stands_farthest_from_a_border(taught):
    """The windows of a long row, cut by hand."""
    row = [word for words in SENTENCES for word in words if word != "Rome"] * 2
    room, stride = 22, taught.window_stride
    ids = np.concatenate([taught.tokenizer.tokenize(word).numpy() for word in row])
    assert len(ids) == len(row)  # a token a word
    starts = [*range(0, len(ids) - room, stride), len(ids) - room]
    probabilities = {}
    for start in starts:
        window = [2, *ids[start : start + room], 3]
        inputs = {
            "token_ids": np.array([window]),
            "segment_ids": np.zeros((1, 24)),
            "padding_mask": np.ones((1, 24)),
        }
        probabilities[start] = np.asarray(keras.ops.softmax(taught(inputs)))[0, 1:-1]
    found = taught._decide(taught.feed_class(taught).words([row]), 2, 0, None)[1][0]
    for word, score in enumerate(found):
        inside = [s for s in starts if s <= word < s + room]
        best = max(
            inside,
            key=lambda s: (min(word - s if s else 99, s + room - 1 - word if s < starts[-1] else 99), -s),
        )
        np.testing.assert_allclose(score, probabilities[best][word - best].max(), atol=1e-5)


def test_odd_rows_have_a_defined_answer(taught):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert taught.predict([], verbose=0) == []
        assert taught.predict_labels([], verbose=0) == []
        assert taught.predict(["", "  ", "\x07"], verbose=0) == [[], [], []]
        assert taught.predict_labels([[], ["\x07", "Bonn", ""], []], verbose=0) == [
            [],
            ["O", "B-LOC", "O"],
            [],
        ]
        giant = "x" * 100_000
        for text in (giant, giant + " is in Bonn"):
            for entity in taught.predict([text], verbose=0)[0]:
                assert text[entity.start : entity.end] == entity.text
        assert len(taught.predict_labels([giant], verbose=0)[0]) == 1
        assert taught.predict_labels([[giant]], verbose=0) == taught.predict_labels([giant], verbose=0)


def test_roberta(byte_pairs):
    roberta = kerasbert.RobertaTokenizer(*byte_pairs)
    task = make(["O", "B-X", "I-X"], roberta, dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    rows = [["a", "film", "no"], ["film", "film"], ["héllo", "中", "a"]]
    labels = [["O", "B-X", "O"], ["B-X", "B-X"], ["O", "B-X", "I-X"]]
    task.fit(rows, labels, epochs=40, verbose=0)
    assert task.predict_labels(rows, verbose=0) == labels
    # Words alone and in their text have the same tokens, " 中" with a blank alone among them.
    assert task.predict([" ".join(row) for row in rows], verbose=0) == task.predict(rows, verbose=0)
    giant = "é" * 50_000  # of 50,000 tokens, in 2,000 windows: one decides
    assert len(task.predict_labels([giant], verbose=0)[0]) == 1


def test_as_transformers_pipeline_has_it(tmp_path):
    """Entities of the pipeline that lets the first piece decide, on a random model."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    task = make()
    task.head.dense.kernel.assign(np.random.default_rng(0).normal(size=(16, 5)))
    task.save_to_preset(tmp_path / "it")
    pipeline = transformers.pipeline(
        "token-classification", str(tmp_path / "it"), aggregation_strategy="first"
    )
    generator = np.random.default_rng(0)
    words = [
        *(w for words in SENTENCES for w in words),
        "annas",
        "Bonna",
        "york,",
        "(rome)",
        "unknown",
        "東东",
        "5%",
    ]
    texts = [" ".join(generator.choice(words, generator.integers(1, 9))) for _ in range(60)]
    count = 0
    for text, row in zip(texts, task.predict(texts, verbose=0), strict=True):
        theirs = [(e["start"], e["end"], e["entity_group"], float(e["score"])) for e in pipeline(text)]
        ours = [(e.start, e.end, e.type, e.score) for e in row]
        assert [e[:3] for e in ours] == [e[:3] for e in theirs], text
        np.testing.assert_allclose([e[3] for e in ours], [e[3] for e in theirs], atol=1e-5)
        count += len(row)
    assert count > 60


# === Scores ===


def test_scores_are_those_of_seqeval(task):
    metrics = pytest.importorskip("seqeval.metrics")
    names = task.predict_labels(SENTENCES, verbose=0)
    report = metrics.classification_report(Y, names, output_dict=True, zero_division=0)
    for x, y in ((SENTENCES, Y), (SENTENCES, numbers()), (TEXTS, [spans(words) for words in SENTENCES])):
        scores = task.entity_scores(x, y, verbose=0)
        assert scores["f1"] == metrics.f1_score(Y, names, zero_division=0)
        assert scores["precision"] == metrics.precision_score(Y, names, zero_division=0)
        assert scores["recall"] == metrics.recall_score(Y, names, zero_division=0)
        assert set(scores["types"]) == set(report) - {"micro avg", "macro avg", "weighted avg"}
        for type_, row in scores["types"].items():
            assert row["f1"] == report[type_]["f1-score"]
            assert row["support"] == report[type_]["support"]


def test_scores_of_what_is_known_by_heart_and_of_nothing(taught):
    pytest.importorskip("seqeval")
    assert taught.entity_scores(SENTENCES, Y, verbose=0)["f1"] == 1.0
    wrong = [["B-PER" if name == "B-LOC" else name for name in row] for row in Y]
    scores = taught.entity_scores(SENTENCES, wrong, verbose=0)
    assert 0 < scores["f1"] < 1
    assert scores["types"]["LOC"]["recall"] == 0
    nothing = taught.entity_scores([["the"], []], [["O"], []], verbose=0)
    assert nothing == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "types": {}}
    ignored = [[-100] * len(row) for row in Y]
    assert taught.entity_scores(SENTENCES, ignored, verbose=0) == nothing


@pytest.mark.parametrize("scheme", ["IO", "BILOU"])
def test_every_scheme_learns_and_scores(scheme):
    pytest.importorskip("seqeval")
    task = make(scheme_labels(["LOC", "PER"], scheme), dropout=0.0, scheme=scheme)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    task.fit(SENTENCES, Y, batch_size=4, epochs=40, verbose=0)
    assert task.predict_labels(SENTENCES, verbose=0) == [convert(row, "BIO", scheme) for row in Y]
    assert task.entity_scores(SENTENCES, Y, verbose=0)["f1"] == 1.0


def test_parts_of_speech():
    tags = [["NOUN" if word[0].isupper() else "X" for word in words] for words in SENTENCES]
    task = make(["NOUN", "X"], dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    task.fit(SENTENCES, tags, epochs=40, verbose=0)
    assert task.scheme == "IO"
    assert task.predict_labels(SENTENCES, verbose=0) == tags


def test_without_seqeval_it_says_what_to_install(taught, monkeypatch):
    monkeypatch.setitem(sys.modules, "seqeval.metrics", None)
    with pytest.raises(ImportError, match=r'pip install "kerasbert\[ner\]"'):
        taught.entity_scores(SENTENCES, Y, verbose=0)


# === Files ===


def test_files_keep_scheme_and_stride(taught, tmp_path):
    task = make(dropout=0.0, scheme="IOB1", stride=5, max_sequence_length=20)
    task.save(tmp_path / "it.keras")
    task.save_to_preset(tmp_path / "it")
    for again in (
        keras.saving.load_model(tmp_path / "it.keras"),
        kerasbert.BertTokenClassifier.from_preset(tmp_path / "it"),
    ):
        assert (again.scheme, again.window_stride, again.max_sequence_length) == ("IOB1", 5, 20)
        assert again.predict_labels(SENTENCES, verbose=0) == task.predict_labels(SENTENCES, verbose=0)
    taught.save(tmp_path / "taught.keras")
    again = keras.saving.load_model(tmp_path / "taught.keras")
    assert again.predict(TEXTS, verbose=0) == taught.predict(TEXTS, verbose=0)
    again.fit(SENTENCES, Y, verbose=0)
    taught.save_to_preset(tmp_path / "taught")  # a shorter limit brings shorter windows
    shorter = kerasbert.BertTokenClassifier.from_preset(tmp_path / "taught", max_sequence_length=8)
    assert shorter.window_stride == 4


SCRIPT = """
import sys, numpy as np, keras, tensorflow as tf, kerasbert
sys.path.insert(0, sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from test_token_classifier import SENTENCES, Y, make
rows = [[word for words in SENTENCES for word in words]] * 4 + SENTENCES[::2] * 2
y = [[label for row in Y for label in row]] * 4 + Y[::2] * 2
def run(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        task = make(dropout=0.0)
        task.compile()
    same = [SENTENCES[0], SENTENCES[0][::-1]] * 8, [Y[0], Y[0][::-1]] * 8
    history = task.fit(*same, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    return history, task.evaluate(rows, y, verbose=0), task.predict_labels(rows, batch_size=4, verbose=0)
one = run(tf.distribute.OneDeviceStrategy("/cpu:0"))
two = run(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]))
for name, values in one[0].items():
    np.testing.assert_allclose(values, two[0][name], rtol=1e-4)
np.testing.assert_allclose(one[1][1], two[1][1], rtol=1e-4)
assert one[2] == two[2]
assert [len(row) for row in one[2]] == [len(row) for row in rows]
"""


def test_two_devices_do_as_one():
    folder = __file__.rpartition("/")[0]
    done = subprocess.run([sys.executable, "-c", SCRIPT, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


# === Errors ===


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([["a"], ["b", None]], [["O"], ["O", "O"]], "row 1, word 1"),
        ([["a"], "b"], [["O"], ["O"]], "row 1"),
        (["a", ["b"]], [[], []], "row=1"),
        ("a", [[]], "Put it in a list"),
        ([["a", "b"]], [["O"]], "words=2, labels=1.*row 0"),
        ([["a"]], [["B-LOG"]], "Did you mean 'B-LOC'"),
        ([["a"]], None, "need labels"),
        (["a"], [["O"]], r"must be `\(start, end, type\)`"),
        (["anna is"], [[(0, 2, "PER")]], r"row 0.*Its words are 'anna'"),
        ([["a"]], [["O"], ["O"]], "as many rows"),
        ([], [], "at least one word"),
        ([[], ["\x07"]], [[], ["O"]], "at least one word"),
        (tf.data.Dataset.from_tensor_slices((["a"], ["O"])), None, "must hold tokens"),
        ({"token_ids": np.array([[2, 5, 3]])}, np.array([[-100, 9, -100]]), "number=9"),
        ({"token_ids": np.array([[2, 99, 3]])}, np.array([[-100, 0, -100]]), "`token_ids` must be"),
    ],
    ids=lambda v: None,
)
def test_bad_input_is_an_error_that_says_where(task, x, y, message):
    before = task.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        task.fit(x, y, verbose=0)
    for weight, old in zip(task.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_a_data_set_with_a_wrong_number_is_an_error(task):
    tokens, y = tokens_of(task)
    wrong = tf.data.Dataset.from_tensor_slices((tokens, np.where(y == 1, 9, y))).batch(7)
    with pytest.raises(tf.errors.InvalidArgumentError, match="A label must be one of"):
        task.evaluate(wrong, verbose=0)


def test_arguments_must_fit():
    for bad in (0, 23, 2.5):
        with pytest.raises(ValueError, match="`stride` must be"):
            make(stride=bad)
    with pytest.raises(ValueError, match="scheme"):
        make(scheme="BIOS")
    with pytest.raises(ValueError, match="label='S-A'"):
        make(["O", "S-A"], scheme="BIO")
    assert make(max_sequence_length=3).window_stride == 1
    config = kerasbert.BertConfig(
        vocabulary_size=20, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    )
    bare = kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), None, LABELS)
    with pytest.raises(ValueError, match="takes tokens only"):
        bare.predict(["a"])
