"""The settings of a pre-training run, as a TOML file holds them."""

import dataclasses
import importlib
import pathlib
import sys

from kerasbert import checks
from kerasbert.config import BertConfig
from kerasbert.data.masking import Masking
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.examples import FUNCTIONS, ExampleSettings
from kerasbert.types import PathLike

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """Where the vocabulary comes from.

    Args:
        path: str, a `vocab.txt`; or None to learn one from the corpus.
        size: int, the most tokens of one that is learned.
        lowercase: bool, as for `BertTokenizer`.
    """

    path: str | None = None
    size: int = 30_522
    lowercase: bool = True


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """What learns, and how fast.

    Args:
        name: str, `"adamw"` (`BertAdamW`) or `"lamb"` (`BertLamb`).
        learning_rate: float, the peak.
        warmup_steps: int.
        power: float, of the decay after it.
        weight_decay: float.
        global_clipnorm: float.
        gradient_accumulation_steps: int or None, batches to an update; steps count batches.
    """

    name: str = "adamw"
    learning_rate: float = 1e-4
    warmup_steps: int = 0
    power: float = 1.0
    weight_decay: float = 0.01
    global_clipnorm: float = 1.0
    gradient_accumulation_steps: int | None = None


@dataclasses.dataclass(frozen=True)
class Phase:
    """Steps with examples of one length; Devlin et al. 2019 have two, of 128 and 512 tokens.

    Args:
        steps: int, batches.
        max_length: int, the most tokens of an example.
        batch_size: int.
    """

    steps: int
    max_length: int = 128
    batch_size: int = 32


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """A pre-training run.

    Args:
        output: str, the folder of everything that the run writes.
        corpus: `Corpus`.
        phases: tuple of `Phase`.
        validation: `Corpus` or None, held-out text.
        vocabulary: `Vocabulary`; not read with `preset`.
        preset: str or None, a checkpoint to go on from, whose tokenizer and config are taken.
        model: dict, arguments of `BertConfig` but the size of the vocabulary; not read with `preset`.
        examples: `ExampleSettings`; its `max_length` is that of a phase.
        masking: `Masking`.
        optimizer: `Optimizer`.
        dtype: str, a Keras policy, such as `"mixed_bfloat16"`.
        rematerialize: bool, as the attribute of `BertEncoder`: less memory, more time.
        seed: int.
        log_every: int, steps to a line of the log. The other intervals and all steps must be multiples.
        save_every: int, steps from one snapshot to the next.
        evaluate_every: int, steps from one validation to the next.

    Raises:
        ValueError: if an argument is wrong.
    """

    output: str
    corpus: Corpus
    phases: tuple
    validation: Corpus | None = None
    vocabulary: Vocabulary = dataclasses.field(default_factory=Vocabulary)
    preset: str | None = None
    model: dict = dataclasses.field(default_factory=dict)
    examples: ExampleSettings = dataclasses.field(default_factory=ExampleSettings)
    masking: Masking = dataclasses.field(default_factory=Masking)
    optimizer: Optimizer = dataclasses.field(default_factory=Optimizer)
    dtype: str = "float32"
    rematerialize: bool = False
    seed: int = 0
    log_every: int = 10
    save_every: int = 100
    evaluate_every: int = 1000

    def __post_init__(self):
        where = "RunSettings"
        intervals = {"save_every": self.save_every, "evaluate_every": self.evaluate_every}
        checks.positive_int(where, log_every=self.log_every, **intervals)
        if not self.phases:
            raise checks.invalid(
                "A run must have phases.", fix="Add one, with `steps`.", where=where, phases=()
            )
        for phase in self.phases:
            checks.positive_int(where, **dataclasses.asdict(phase))
        steps = {f"phases[{i}].steps": phase.steps for i, phase in enumerate(self.phases)}
        wrong = {name: value for name, value in (intervals | steps).items() if value % self.log_every}
        if wrong:
            raise checks.invalid(
                f"Steps and intervals must be multiples of `log_every`, {self.log_every}.",
                fix="Choose other numbers, or another `log_every`.",
                where=where,
                **{name.replace(".", "_"): value for name, value in wrong.items()},
            )

    @property
    def total_steps(self) -> int:
        """int, of all phases."""
        return sum(phase.steps for phase in self.phases)


def read_settings(path: PathLike, allow_functions: bool = False) -> RunSettings:
    """Reads a run's settings from a TOML file; names of files in it count from its folder.

    Functions are named by module, as in `segment_words = "jieba:lcut"`. Such a name makes this process import
    that module and call that function with the text of the corpus, whatever they do, so names are only
    followed where `allow_functions` says so.

    Args:
        path: str or path.
        allow_functions: bool, whether the file may name functions. Allow it only for a file that you trust as
            you trust a program.

    Returns:
        `RunSettings`.

    Raises:
        FileNotFoundError: if there is no such file, or no such corpus.
        ValueError: if it is no TOML, a setting is unknown or wrong, or a function is named that is not
            allowed.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise checks.invalid(
            "The settings must be a file.", fix="Check the path.", kind=FileNotFoundError, path=str(path)
        )
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise checks.invalid(
            "The settings must be TOML.", fix="Correct the line.", where=str(path), reason=str(error)
        ) from error
    near = path.parent

    def section(kind, values, name):
        known = [field.name for field in dataclasses.fields(kind) if field.init]
        return _known(kind, values, known, f"{path}, [{name}]")

    def corpus(values, name):
        files = values.get("files", [])
        files = [files] if isinstance(files, str) else files
        return section(Corpus, values | {"files": [str(near / file) for file in files]}, name)

    read = {
        "corpus": lambda values: corpus(values, "corpus"),
        "validation": lambda values: corpus(values, "validation"),
        "vocabulary": lambda values: section(Vocabulary, _from(near, values, "path"), "vocabulary"),
        "examples": lambda values: section(
            ExampleSettings, _with_functions(values, path, allow_functions), "examples"
        ),
        "masking": lambda values: section(Masking, _as_tuples(values), "masking"),
        "optimizer": lambda values: section(Optimizer, values, "optimizer"),
        "phases": lambda rows: tuple(section(Phase, row, "phases") for row in rows),
        "model": lambda values: _check_model(values, f"{path}, [model]"),
    }
    table = {name: read[name](values) if name in read else values for name, values in table.items()}
    for name in ("output", "preset"):
        table = _from(near, table, name)
    return section(RunSettings, table, "top level")


def _known(kind, values, known, where):
    unknown = sorted(set(values) - set(known))
    missing = [
        field.name
        for field in dataclasses.fields(kind)
        if field.init
        and field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if unknown or missing:
        raise checks.invalid(
            f"Settings must be among: {', '.join(known)}.",
            fix="Correct the name, or add what is missing.",
            where=where,
            unknown=unknown,
            missing=missing,
        )
    return kind(**values)


def _from(near, values, name):
    """Settings with a path that counts from a folder."""
    if values.get(name) is None or str(values[name]).startswith("hf://"):
        return values
    return values | {name: str(near / values[name])}


def _with_functions(values, path, allow_functions):
    """Settings of examples with the functions that they name."""
    found = {}
    for name in FUNCTIONS:
        value = values.get(name)
        if isinstance(value, str):
            if not allow_functions:
                raise checks.invalid(
                    "Settings name a function, which would be imported and called with the corpus.",
                    fix="If you trust the file, allow it: `--allow-functions` on the command line, or "
                    "`read_settings(path, allow_functions=True)`.",
                    where=f"{path}, [examples]",
                    **{name: value},
                )
            module, _, function = value.partition(":")
            try:
                found[name] = getattr(importlib.import_module(module), function)
            except (ImportError, AttributeError, ValueError) as error:
                raise checks.invalid(
                    f"`{name}` must name a function of a module that can be imported.",
                    fix='Write it as "module:function", such as "jieba:lcut".',
                    where=f"{path}, [examples]",
                    reason=str(error),
                    **{name: value},
                ) from error
    return values | found


def _as_tuples(values):
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _check_model(values, where):
    known = {field.name for field in dataclasses.fields(BertConfig)} - {"vocabulary_size"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise checks.invalid(
            f"A model has the settings {', '.join(sorted(known))}.",
            fix="Correct the name; the size of the vocabulary is that of the tokenizer.",
            where=where,
            unknown=unknown,
        )
    return values
