"""Pre-training from raw text to a preset, in one call that can be interrupted and repeated."""

import dataclasses
import json
import pathlib

import keras

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.config import BertConfig
from kerasbert.encoder import BertEncoder
from kerasbert.optional import tensorflow as tf
from kerasbert.pretraining.batches import pretraining_batches
from kerasbert.pretraining.examples import write_examples
from kerasbert.pretraining.logs import RunLog
from kerasbert.pretraining.records import Manifest
from kerasbert.pretraining.settings import RunSettings
from kerasbert.pretraining.vocabulary import train_vocabulary
from kerasbert.tasks import BertPretrainer
from kerasbert.text import BertTokenizer, tokenizer_from_folder
from kerasbert.training import BertAdamW, BertLamb, WarmupPolynomialDecay
from kerasbert.training.snapshots import restore_snapshot, save_snapshot

OPTIMIZERS = {"adamw": BertAdamW, "lamb": BertLamb}


def pretrain(settings: RunSettings, verbose: int = 2) -> BertPretrainer:
    """Pre-trains a model, or resumes an earlier call that was interrupted.

    The folder `settings.output` gets `vocab.txt`, `examples-...` (TFRecords), `snapshots` (weights, optimizer
    and step, which is also the position in the data), `log.jsonl`, TensorBoard's files, and at the end
    `preset`, which `from_preset` and transformers can load. A call with the same settings resumes from the
    newest snapshot; on a CPU, the final weights are the same as without an interruption.

    Args:
        settings: `RunSettings`.
        verbose: int, as for `keras.Model.fit`: 2 prints one line per interval.

    Returns:
        `BertPretrainer`.

    Raises:
        ValueError: if the folder contains a run with other settings, or there is too little text.
        OSError: if the disk is full; snapshots stay, and a later call can resume.
    """
    output = pathlib.Path(settings.output)
    output.mkdir(parents=True, exist_ok=True)
    _check_same_run(output / "settings.json", settings)
    tokenizer = _tokenizer(output, settings)
    folders = [
        _examples(output, "examples", settings.corpus, phase, tokenizer, settings)
        for phase in settings.phases
    ]

    keras.utils.set_random_seed(settings.seed)
    model = _model(settings, tokenizer)
    step, _ = restore_snapshot(output / "snapshots", model)
    tokens = tf.Variable(0, dtype=tf.int64, trainable=False)
    log = RunLog(output, settings.log_every, tokens)
    log.forget_after(step)
    first = 0
    for phase, folder in zip(settings.phases, folders, strict=True):
        last = first + phase.steps
        if step < last:
            batches = pretraining_batches(
                folder,
                tokenizer,
                phase.batch_size,
                masking=settings.masking,
                seed=settings.seed,
                step=max(step - first, 0),
            )
            held_out = _held_out(output, phase, tokenizer, settings)
            # Traced anew in each phase: a step traced for the shapes of two phases rounds differently from
            # the step of a run that is resumed in the second phase.
            model.train_function = model.test_function = None
            model.fit(
                _counted(model.preprocessor.inputs_and_labels(batches), tokens),
                initial_epoch=max(step, first) // settings.log_every,
                epochs=last // settings.log_every,
                steps_per_epoch=settings.log_every,
                validation_data=held_out,
                validation_freq=settings.evaluate_every // settings.log_every,
                callbacks=[log, _Snapshots(output / "snapshots", settings, last)],
                verbose=verbose,
            )
        first = last
    model.save_to_preset(output / "preset")
    return model


class _Snapshots(keras.callbacks.Callback):
    """Saves a snapshot every `save_every` steps and after the last step."""

    def __init__(self, folder, settings, last):
        super().__init__()
        self._folder, self._settings, self._last = folder, settings, last

    def on_epoch_end(self, epoch, logs=None):
        step = (epoch + 1) * self._settings.log_every
        if step % self._settings.save_every == 0 or step == self._last:
            save_snapshot(self._folder, self.model, step)


def _check_same_run(path, settings):
    """Writes the settings to the folder, or raises ValueError if it contains other settings."""
    values = dataclasses.asdict(settings) | {"examples": settings.examples.as_dict()}
    text = json.dumps(values, indent=1, default=str, sort_keys=True)
    if path.exists() and path.read_text("utf-8") != text:
        old, new = json.loads(path.read_text("utf-8")), json.loads(text)
        raise checks.invalid(
            "A folder must hold one run, and its settings must stay the same.",
            fix="Choose another `output`, or delete the folder.",
            where=str(path),
            changed=sorted(name for name in {*old, *new} if old.get(name) != new.get(name)),
        )
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")


def _tokenizer(output, settings):
    if settings.preset:
        return tokenizer_from_folder(settings.preset)
    path = output / "vocab.txt"
    if not path.exists():
        options = settings.vocabulary
        if options.path:
            BertTokenizer(options.path).save_vocabulary(path)
        else:
            train_vocabulary(settings.corpus, options.size, lowercase=options.lowercase).save(path)
    return BertTokenizer(path, lowercase=settings.vocabulary.lowercase)


def _examples(output, name, corpus, phase, tokenizer, settings):
    """The folder of a phase's examples, which are written if they do not exist yet."""
    folder = output / f"{name}-{phase.max_length}"
    try:
        Manifest.load(folder)
    except FileNotFoundError:
        examples = dataclasses.replace(settings.examples, max_length=phase.max_length)
        write_examples(corpus, folder, tokenizer, examples)
    return folder


def _held_out(output, phase, tokenizer, settings):
    """The validation batches, which are masked in the same way every time; None without validation text."""
    if settings.validation is None:
        return None
    folder = _examples(output, "validation", settings.validation, phase, tokenizer, settings)
    return pretraining_batches(folder, tokenizer, phase.batch_size, masking=settings.masking, epochs=1)


def _model(settings, tokenizer):
    """The compiled model with its initial weights, and its optimizer built."""
    pairs = settings.examples.pairs
    if settings.preset:
        model = BertPretrainer.from_preset(settings.preset, dtype=settings.dtype, pairs=pairs)
    else:
        config = BertConfig(**settings.model, vocabulary_size=tokenizer.vocabulary_size)
        encoder = BertEncoder(config, pooler=pairs != "none", dtype=settings.dtype)
        model = BertPretrainer(encoder, tokenizer, pairs=pairs, dtype=settings.dtype)
    model.encoder.rematerialize = settings.rematerialize
    options = dataclasses.asdict(settings.optimizer)
    checks.one_of("[optimizer]", tuple(OPTIMIZERS), name=options["name"])
    schedule = WarmupPolynomialDecay(
        options["learning_rate"], options["warmup_steps"], settings.total_steps, options["power"]
    )
    names = ("weight_decay", "global_clipnorm", "gradient_accumulation_steps")
    kind = OPTIMIZERS[options["name"]]
    model.compile(kind(schedule, **{name: options[name] for name in names}))
    model.optimizer.watch_gradient_norm()
    model.optimizer.build(model.trainable_variables)
    return model


def _counted(batches, tokens):
    """The same batches, but the number of tokens in each is added to a variable when the batch is taken."""

    def count(x, y):
        tokens.assign_add(tf.reduce_sum(tf.cast(x["padding_mask"], tf.int64)))
        return x, y

    options = tf.data.Options()
    # Otherwise tf.data would add a buffer, or run this step ahead of the steps that `fit` adds after it.
    options.experimental_optimization.inject_prefetch = False
    options.experimental_optimization.map_parallelization = False
    return batches.map(count).with_options(options)
