"""What a student learns from its teacher, and what it leaves alone."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from apart import run_apart
from conformance_cases import TASKS, make_still_task, make_task

from kerasbert import BertEncoder, BertTextClassifier
from kerasbert.compression import drop_layers, trim_vocabulary
from kerasbert.compression.distillation import Distiller
from kerasbert.text import BertTokenizer
from kerasbert.training import strategy

TEXTS = ["good film", "bad", "what a good film", "the film was not very good"]
PARTS = ("logits", "hidden", "attention", "relation")
DISTILLED = [name for name in TASKS if name != "BertPretrainer"]


def only(*parts, task=None):
    """Weights of 1 for these parts, and of 0 for others; answers of no distribution are left out."""
    weights = {f"{part}_weight": float(part in parts) for part in PARTS}
    if task is not None and task.divergence is None:
        weights["logits_weight"] = 0.0
    return weights


def tokens_for(name, tokenizer, texts=TEXTS):
    tokens = {key: np.asarray(value) for key, value in tokenizer(texts).items()}
    if name == "BertMultipleChoice":
        tokens = {key: np.stack([value, value[::-1]]) for key, value in tokens.items()}
    return tokens


def values(task):
    return [weight.numpy().copy() for weight in task.weights]


def loss_of(distiller, tokens, y=None, weights=None):
    prediction = distiller(tokens, training=False)
    return float(distiller.compute_loss(tokens, y, prediction, weights, training=False))


@pytest.fixture
def still(config):
    return dataclasses.replace(config, hidden_dropout=0.0, attention_dropout=0.0)


@pytest.fixture
def smaller(still):
    return dataclasses.replace(still, num_layers=1, hidden_dim=4)


# === Laws of the loss ===


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", DISTILLED)
def test_a_student_that_is_its_teacher_has_nothing_to_learn(name, config, tokenizer):
    teacher, student = (make_still_task(name, config, tokenizer) for _ in range(2))
    for ours, theirs in zip(student.weights, teacher.weights, strict=True):
        ours.assign(theirs)
    distiller = Distiller(student, teacher, 2.0, **only(*PARTS, task=student))
    distiller.compile(keras.optimizers.SGD(1e3), run_eagerly=True)
    before, tokens = values(student), tokens_for(name, tokenizer)
    history = distiller.fit(tokens, verbose=0)
    assert history.history["loss"][0] == pytest.approx(0, abs=1e-5)
    for old, new in zip(before, values(student), strict=True):
        np.testing.assert_allclose(new, old, atol=2e-2)  # rounding errors times 1e3
    student.encoder.blocks[-1].attention.query_dense.kernel.assign_add(
        np.eye(config.hidden_dim)
    )  # and a student that is another has
    assert loss_of(distiller, tokens) > 1e-2


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("name", "parts"),
    [(name, PARTS) for name in DISTILLED] + [("BertTextClassifier", (part,)) for part in PARTS],
)
def test_it_learns_and_the_teacher_does_not(name, parts, still, smaller, tokenizer):
    teacher, student = make_task(name, still, tokenizer), make_still_task(name, smaller, tokenizer)
    before = values(teacher)
    distiller = Distiller(student, teacher, 2.0, **only(*parts, task=teacher))
    distiller.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    losses = distiller.fit(tokens_for(name, tokenizer), epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.999 * losses[0]
    for old, new in zip(before, values(teacher), strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", DISTILLED)
def test_padding_does_not_count(name, still, smaller, tokenizer):
    teacher, student = (make_task(name, sizes, tokenizer) for sizes in (still, smaller))
    tokens = tokens_for(name, tokenizer)
    count = tokens["padding_mask"].sum(-1)
    for part in PARTS:
        weights = only(part, task=teacher)
        if not any(weights.values()):
            continue
        distiller = Distiller(student, teacher, **weights)
        together = loss_of(distiller, tokens)
        # All rows of a multiple choice have the longest text, so that only the padding behind it is cut off.
        alone = [
            loss_of(distiller, {k: v[i : i + 1, ..., : count[i].max()] for k, v in tokens.items()})
            for i in range(len(count))
        ]
        at_tokens = part == "logits" and name in ("BertTokenClassifier", "BertSummarizer", "BertMaskedLM")
        shares = count / count.sum() if at_tokens else np.full(len(count), 1 / len(count))
        assert together == pytest.approx(np.dot(alone, shares), rel=1e-4, abs=3e-7), part
        assert together > 1e-4


def softened(logits, temperature):
    exponents = np.exp(logits / temperature)
    return exponents / exponents.sum(-1, keepdims=True)


def test_the_numbers_of_the_papers(still, tokenizer):
    """Against a plain restatement, row by row, of four tokens each."""
    sizes = dataclasses.replace(still, hidden_dim=4, num_layers=1)
    teacher = make_task("BertTextClassifier", still, tokenizer)
    student = make_task("BertTextClassifier", sizes, tokenizer)
    tokens = tokens_for("", tokenizer, ["good film", "bad film"])
    read = {}
    for name, task in (("student", student), ("teacher", teacher)):
        outputs = task.encoder(tokens, return_all=True)
        hidden = [np.asarray(x) for x in outputs["hidden_states"]]
        block = task.encoder.blocks[-1].attention
        parts = {k: np.asarray(getattr(block, f"{k}_dense")(hidden[-2])) for k in ("query", "key", "value")}
        read[name] = {"logits": np.asarray(task(tokens)), "hidden": hidden, **parts}
    ours, theirs = read["student"], read["teacher"]

    p, q = softened(theirs["logits"], 3.0), softened(ours["logits"], 3.0)
    expected = {"logits": 9 * np.mean(np.sum(p * np.log(p / q), -1))}

    distiller = Distiller(student, teacher, 3.0, **only("hidden"))
    first, later = (np.asarray(dense.kernel) for dense in distiller.projections)
    errors = [
        np.mean((ours["hidden"][0] @ first - theirs["hidden"][0]) ** 2),
        np.mean((ours["hidden"][1] @ later - theirs["hidden"][2]) ** 2),
    ]
    assert loss_of(distiller, tokens) == pytest.approx(np.mean(errors), rel=1e-4)

    def heads(x):
        return x.reshape(2, 4, 2, -1).transpose(0, 2, 1, 3)

    def products(x, y):
        return heads(x) @ heads(y).transpose(0, 1, 3, 2) / np.sqrt(x.shape[-1] / 2)

    scores = [products(each["query"], each["key"]) for each in (ours, theirs)]
    expected["attention"] = np.mean((scores[0] - scores[1]) ** 2)
    expected["relation"] = 0
    for name in ("query", "key", "value"):
        p, q = (softened(products(each[name], each[name]), 1) for each in (theirs, ours))
        expected["relation"] += np.mean(np.sum(p * np.log(p / q), -1))
    for part, value in expected.items():
        found = loss_of(Distiller(student, teacher, 3.0, **only(part)), tokens)
        assert found == pytest.approx(value, rel=1e-4), part
    both = Distiller(
        student, teacher, 3.0, logits_weight=0.5, hidden_weight=0, attention_weight=2.0, relation_weight=0
    )
    total = 0.5 * expected["logits"] + 2 * expected["attention"]
    assert loss_of(both, tokens) == pytest.approx(total, rel=1e-4)


def test_attention_scores_have_relative_positions(still, tokenizer):
    """Two encoders that differ in these alone have other scores."""
    sizes = dataclasses.replace(still, num_layers=1, relative_position_buckets=4)
    teacher, student = (make_task("BertTextClassifier", sizes, tokenizer) for _ in range(2))
    student.set_weights(teacher.get_weights())
    found = student.encoder.embeddings.relative_position_embedding.embeddings
    found.assign_add(np.full(found.shape, 3.0, "float32"))
    distiller = Distiller(student, teacher, **only("attention"))
    assert loss_of(distiller, tokens_for("BertTextClassifier", tokenizer)) == pytest.approx(9, rel=1e-4)


@pytest.mark.parametrize(("temperature", "problem"), [(1.0, "multi_label"), (3.0, "multi_label")])
def test_the_divergence_of_several_labels(temperature, problem, still, smaller, tokenizer):
    name = "BertTextClassifier of several labels"
    teacher, student = (make_task(name, sizes, tokenizer) for sizes in (still, smaller))
    tokens = tokens_for(name, tokenizer)
    p, q = (1 / (1 + np.exp(-np.asarray(task(tokens)) / temperature)) for task in (teacher, student))
    expected = np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))) * temperature**2
    found = loss_of(Distiller(student, teacher, temperature), tokens)
    assert found == pytest.approx(expected, rel=1e-4)


def test_tokens_without_a_label_and_rows_without_a_weight_do_not_count(still, smaller, tokenizer):
    name = "BertTokenClassifier"
    teacher, student = (make_task(name, sizes, tokenizer) for sizes in (still, smaller))
    tokens, distiller = tokens_for(name, tokenizer), Distiller(student, teacher)
    y = np.full(tokens["token_ids"].shape, -100)
    y[0, 1] = y[2, 3] = 1
    logits = (np.asarray(task(tokens), "float64") for task in (teacher, student))
    p, q = (softened(each, 1) for each in logits)
    each = np.sum(p * np.log(p / q), -1)
    assert loss_of(distiller, tokens, y) == pytest.approx((each[0, 1] + each[2, 3]) / 2, rel=1e-4)
    weights = np.array([2.0, 1, 0, 1], "float32")
    assert loss_of(distiller, tokens, y, weights) == pytest.approx(each[0, 1], rel=1e-4)


def test_labels_count_as_much_as_they_are_told(still, smaller, tokenizer):
    name, y = "BertTextClassifier", np.array([1, 0, 1, 0])
    teacher, student = (make_still_task(name, sizes, tokenizer) for sizes in (still, smaller))
    tokens = tokens_for(name, tokenizer)
    parts = {}
    for label, logits in ((1.0, 0.0), (0.0, 1.0), (0.3, 0.7)):
        distiller = Distiller(student, teacher, label_weight=label, logits_weight=logits)
        distiller.compile()
        parts[label] = loss_of(distiller, tokens, y)
    student.compile()
    assert parts[1.0] == pytest.approx(student.evaluate(tokens, y, verbose=0)[0], rel=1e-5)
    assert parts[0.3] == pytest.approx(0.3 * parts[1.0] + 0.7 * parts[0.0], rel=1e-5)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("ours", "theirs", "given", "blocks"),
    [
        (4, 12, None, [2, 5, 8, 11]),
        (3, 6, None, [1, 3, 5]),
        (2, 3, None, [1, 2]),
        (3, 2, None, [0, 1, 1]),
        (2, 3, (0, 2), [0, 2]),
    ],
)
def test_which_block_learns_from_which(ours, theirs, given, blocks, still, tokenizer):
    student, teacher = (
        make_task("BertTextEmbedder", dataclasses.replace(still, num_layers=layers), tokenizer)
        for layers in (ours, theirs)
    )
    distiller = Distiller(student, teacher, layers=given, **only("hidden"))
    assert list(distiller.imitated) == blocks
    for parts in (student.encoder.blocks, teacher.encoder.blocks):  # outputs that tell the number of a block
        for i, block in enumerate(parts):
            block.feed_forward_norm.gamma.assign(np.zeros(8))
            number = blocks[i] if parts is student.encoder.blocks else i
            block.feed_forward_norm.beta.assign(np.full(8, float(number)))
    for mine, other in zip(
        student.encoder.embeddings.weights, teacher.encoder.embeddings.weights, strict=True
    ):
        mine.assign(other)
    assert loss_of(distiller, tokens_for("", tokenizer)) == 0


# === Training ===


def rows(seed, number):
    """Texts whose label follows from counts of words, not from one of them."""
    generator = np.random.default_rng(seed)
    words = ["good", "bad", "film", "the", "was", "very", "not"]
    texts = [" ".join(generator.choice(words, generator.integers(3, 10))) for _ in range(number)]
    return texts, [int(text.count("good") > text.count("bad")) for text in texts]


@pytest.mark.slow
def test_it_agrees_with_its_teacher_more_than_by_labels_alone(still, tokenizer):
    """A few labels, and many texts that only the teacher knows."""
    texts, labels = rows(0, 400)
    held_out, _ = rows(1, 200)
    teacher = make_still_task("BertTextClassifier", still, tokenizer)
    teacher.compile(keras.optimizers.Adam(1e-2))
    teacher.fit(texts, labels, epochs=6, verbose=0)
    right = teacher.predict(held_out, verbose=0)

    def gap(student):
        return float(np.mean(np.abs(student.predict(held_out, verbose=0) - right)))

    def fresh():
        keras.utils.set_random_seed(3)
        return make_still_task("BertTextClassifier", dataclasses.replace(still, num_layers=1), tokenizer)

    by_labels, by_teacher = fresh(), fresh()
    by_labels.compile(keras.optimizers.Adam(5e-3))
    by_labels.fit(texts[:60], labels[:60], epochs=40, verbose=0)
    distiller = Distiller(by_teacher, teacher, temperature=2.0)
    distiller.compile(keras.optimizers.Adam(5e-3))
    history = distiller.fit(texts, epochs=15, verbose=0, validation_data=(held_out, None))
    assert history.history["val_loss"][-1] < 0.5 * history.history["val_loss"][0]
    assert gap(by_teacher) < 0.5 * gap(by_labels)


@pytest.mark.slow
def test_texts_labels_checkpoints_and_files(classifier, config, tokenizer, tmp_path):
    """Class names, weights, schedules and metrics as for any task; what is saved is the student."""
    student = drop_layers(classifier, [1])
    distiller = Distiller(student, classifier, label_weight=0.5, hidden_weight=1.0, layers=[1])
    distiller.compile()
    path = tmp_path / "best.keras"
    history = distiller.fit(
        TEXTS * 4,
        ["good", "bad", "good", "bad"] * 4,
        sample_weight=np.ones(16),
        batch_size=4,
        epochs=2,
        validation_split=0.25,
        callbacks=[keras.callbacks.ModelCheckpoint(path, "val_accuracy", save_best_only=False)],
        verbose=0,
    )
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history.history)
    assert int(distiller.optimizer.iterations) == 6
    again = distiller.evaluate(TEXTS, [1, 0, 1, 0], verbose=0)
    assert np.shape(again) == (2,)
    student.save(tmp_path / "student.keras")
    distiller.save_to_preset(tmp_path / "preset")
    for loaded in (
        keras.saving.load_model(path),
        keras.saving.load_model(tmp_path / "student.keras"),
        BertTextClassifier.from_preset(tmp_path / "preset"),
    ):
        assert type(loaded) is BertTextClassifier
        assert len(loaded.weights) == len(student.weights)
        found = loaded.predict(TEXTS, verbose=0)
        np.testing.assert_allclose(found, student.predict(TEXTS, verbose=0), atol=1e-6)
        np.testing.assert_allclose(found, distiller.predict(TEXTS, verbose=0), atol=1e-6)


def test_what_learns_is_the_student_and_its_projections(still, smaller, tokenizer):
    teacher, student = (make_task("BertTextClassifier", sizes, tokenizer) for sizes in (still, smaller))
    distiller = Distiller(student, teacher, hidden_weight=1.0)
    mine = {id(variable) for variable in distiller.trainable_variables}
    kernels = [dense.kernel for dense in distiller.projections]
    assert mine == {id(variable) for variable in [*student.trainable_variables, *kernels]}
    assert len(mine) == len(distiller.trainable_variables)
    assert not {id(w) for w in teacher.weights} & {id(w) for w in distiller.weights}


@pytest.mark.slow
def test_pairs_words_and_questions(still, smaller, tokenizer):
    """Rows that are no single texts, by the feeds of their tasks."""
    cases = {
        "BertNextSentencePredictor": ((TEXTS, TEXTS[::-1]), None),
        "BertTextEmbedder": ((TEXTS, TEXTS[::-1]), None),
        "BertTokenClassifier": ([["good", "film"], ["bad"]], [["O", "B"], ["I"]]),
        "BertQuestionAnswerer": ((["good?"], ["a good film"]), [[("good", 2)]]),
        "BertMultipleChoice": ((["good", "bad"], [["a", "film"]] * 2), [0, 1]),
    }
    for name, (x, y) in cases.items():
        teacher, student = (make_task(name, sizes, tokenizer) for sizes in (still, smaller))
        distiller = Distiller(student, teacher, **only("logits", "relation", task=teacher))
        distiller.compile(metrics=None)
        loss = distiller.fit(x, y, verbose=0).history["loss"][0]
        assert np.isfinite(loss), name
        assert loss > 0, name


def test_texts_that_are_cut_off_are_told_of_and_labels_that_are_missing(still, smaller, tokenizer):
    teacher, student = (make_task("BertTextClassifier", sizes, tokenizer) for sizes in (still, smaller))
    distiller = Distiller(student, teacher)
    distiller.compile(run_eagerly=True)
    with pytest.warns(UserWarning, match="1 of the 2 texts"):
        distiller.fit(["good " * 30, "bad"], verbose=0)
    distiller = Distiller(student, teacher, label_weight=0.5)
    distiller.compile(run_eagerly=True)
    with pytest.raises(ValueError, match="need labels"):
        distiller.fit(["good", "bad"], verbose=0)


@pytest.mark.slow
def test_within_the_scope_of_a_strategy(still, smaller, tokenizer):
    losses = []
    for scope in (strategy("one_device").scope(), tf.init_scope()):
        keras.utils.set_random_seed(0)
        with scope:
            teacher, student = (
                make_still_task("BertTextClassifier", sizes, tokenizer) for sizes in (still, smaller)
            )
            distiller = Distiller(student, teacher, hidden_weight=1.0)
            distiller.compile(keras.optimizers.Adam(1e-2))
        history = distiller.fit(TEXTS, epochs=3, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


TWO = """
import dataclasses, json, sys
sys.path.insert(0, sys.argv[1])
import tensorflow as tf
devices = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
import keras
from conformance_cases import CONFIG, TOKENS, make_still_task
from kerasbert.compression.distillation import Distiller

keras.utils.set_random_seed(0)
with tf.distribute.MirroredStrategy(sys.argv[2].split()).scope():
    teacher, student = (
        make_still_task("BertTextClassifier", dataclasses.replace(CONFIG, num_layers=layers), None)
        for layers in (2, 1)
    )
    distiller = Distiller(student, teacher, 2.0, hidden_weight=1.0, relation_weight=1.0)
    distiller.compile(keras.optimizers.SGD(1e-2))
tokens = {name: value.repeat(2, 0)[:4] for name, value in TOKENS.items()}
print(json.dumps(distiller.fit(tokens, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]))
"""


@pytest.mark.tensorflow
@pytest.mark.slow
def test_two_devices_take_the_steps_of_one():
    one, two = (run_apart(TWO, devices) for devices in ("CPU:0", "CPU:0 CPU:1"))
    np.testing.assert_allclose(two, one, rtol=1e-4)


@pytest.mark.slow
def test_in_mixed_precision(still, smaller, tokenizer):
    teacher, student = (
        make_task("BertTextClassifier", sizes, tokenizer, dtype="mixed_bfloat16")
        for sizes in (still, smaller)
    )
    distiller = Distiller(student, teacher, **only(*PARTS))
    distiller.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    losses = distiller.fit(TEXTS, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


# === A shorter vocabulary ===


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BertTextClassifier", "BertMaskedLM", "BertQuestionAnswerer"])
def test_a_student_with_fewer_tokens_has_nothing_to_learn_from_its_original(name, still, tokenizer):
    teacher = make_still_task(name, still, tokenizer)
    student = trim_vocabulary(teacher, ["very bad film"])
    assert student.tokenizer.vocabulary_size < tokenizer.vocabulary_size
    ids = [student.tokenizer.vocabulary.id_of(token) for token in ("film", "bad")]
    assert ids != [tokenizer.vocabulary.id_of(token) for token in ("film", "bad")]
    tokens = tokens_for(name, student.tokenizer, ["very bad film", "film"])
    for part in PARTS:
        distiller = Distiller(student, teacher, **only(part, task=student))
        distiller.compile()
        assert loss_of(distiller, tokens) < 1e-8, part
    changed = drop_layers(student, keep=[0])
    distiller = Distiller(changed, teacher)
    distiller.compile(keras.optimizers.Adam(1e-3))
    before = loss_of(distiller, tokens)
    distiller.fit(tokens, epochs=30, verbose=0)
    assert loss_of(distiller, tokens) < before / 2


# === Errors ===


@pytest.mark.slow
def test_what_does_not_fit_together(still, smaller, tokenizer):
    def task(labels=("bad", "good"), tokens=tokenizer, sizes=still, **kwargs):
        return BertTextClassifier(BertEncoder(sizes), tokens, list(labels), **kwargs)

    other = BertTokenizer([*tokenizer.vocabulary[:-1], "other"])
    longer = dataclasses.replace(still, max_sequence_length=32)
    teacher = task()
    for student, kwargs, message in [
        (task(tokens=other), {}, "same tokenizer"),
        (task(tokens=None), {}, "same tokenizer"),
        (task(("good", "bad")), {}, "same `labels`.*student=.*'good', 'bad'"),
        (task(problem="multi_label"), {}, "same `problem`.*student='multi_label'"),
        (task(sizes=longer), {}, "positions.*student=32, teacher=16"),
        (BertTextClassifier(teacher.encoder, tokenizer, ["bad", "good"]), {}, "encoders of their own"),
        (task(), {"temperature": 0}, "`temperature` must be a number above 0.*temperature=0"),
        (task(), {"temperature": -1.0}, "temperature=-1.0"),
        (task(), {"logits_weight": 0}, "weights of the parts.*logits_weight=0"),
        (task(), {"hidden_weight": -1}, "weights of the parts.*hidden_weight=-1"),
        (task(), {"layers": [0]}, "`layers` must be 2 numbers from 0 to 1"),
        (task(), {"layers": [0, 2]}, r"`layers`.*layers=\[0, 2\]"),
        (
            task(sizes=dataclasses.replace(still, num_heads=4)),
            {"attention_weight": 1},
            r"as many heads.*\(4, 2\)",
        ),
        (task(sizes=smaller), {"relation_weight": 1, "relation_heads": 8}, r"widths=\[4, 8\]"),
        (task(), {"relation_weight": 1, "relation_heads": 0}, "relation_heads=0"),
    ]:
        with pytest.raises(ValueError, match=message):
            Distiller(student, teacher, **kwargs)
    with pytest.raises(TypeError, match=r"of one class.*student='BertMaskedLM'"):
        Distiller(make_task("BertMaskedLM", still, tokenizer), teacher)
    with pytest.raises(TypeError, match="student='BertPretrainer'"):
        Distiller(*(make_task("BertPretrainer", still, tokenizer) for _ in range(2)))
    embedders = [make_task("BertTextEmbedder", still, tokenizer) for _ in range(2)]
    with pytest.raises(ValueError, match=r"`logits_weight` compares distributions.*'BertTextEmbedder'"):
        Distiller(*embedders)
    with pytest.raises(ValueError, match=r"r_drop=1\.0"):
        Distiller(task(), teacher).compile(r_drop=1.0)
