"""The settings of a pre-training run, which are read from a TOML file."""

import dataclasses
import importlib
import pathlib
import sys
from typing import Any

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
        path: str, the path of a `vocab.txt`; or None to learn a vocabulary from the corpus.
        size: int, the most tokens in a vocabulary that is learned.
        lowercase: bool, as for `BertTokenizer`.
    """

    path: str | None = None
    size: int = 30_522
    lowercase: bool = True


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """The optimizer and its learning rate schedule.

    Args:
        name: str, `"adamw"` (`BertAdamW`) or `"lamb"` (`BertLamb`).
        learning_rate: float, the peak of the schedule.
        warmup_steps: int.
        power: float, the power of the decay after the warm-up.
        weight_decay: float.
        global_clipnorm: float.
        gradient_accumulation_steps: int or None, the number of batches per update; steps count batches.
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
    """A phase with examples of one length. Devlin et al. 2019 have two phases, with 128 and 512 tokens.

    Args:
        steps: int, the number of batches.
        max_length: int, the most tokens in an example.
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
        vocabulary: `Vocabulary`; ignored if `preset` is given.
        preset: str or None, a checkpoint to start from, whose tokenizer and config are used.
        model: dict, the arguments of `BertConfig` except the size of the vocabulary; ignored if `preset` is
            given.
        examples: `ExampleSettings`; its `max_length` is replaced by that of each phase.
        masking: `Masking`.
        optimizer: `Optimizer`.
        dtype: str, a Keras dtype policy, such as `"mixed_bfloat16"`.
        rematerialize: bool, as for the attribute of `BertEncoder`: needs less memory and more time.
        seed: int.
        log_every: int, the number of steps per line of the log. The other intervals and the steps of each
            phase must be multiples of it.
        save_every: int, the number of steps from one snapshot to the next.
        evaluate_every: int, the number of steps from one validation to the next.

    Raises:
        ValueError: if an argument is not valid.
    """

    output: str
    corpus: Corpus
    phases: tuple[Phase, ...]
    validation: Corpus | None = None
    vocabulary: Vocabulary = dataclasses.field(default_factory=Vocabulary)
    preset: str | None = None
    model: dict[str, Any] = dataclasses.field(default_factory=dict)
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
                "A run must have phases.", fix="Add a phase, with `steps`.", where=where, phases=()
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
        """int, the number of steps in all phases."""
        return sum(phase.steps for phase in self.phases)


def read_settings(path: PathLike, allow_functions: bool = False) -> RunSettings:
    """Reads the settings of a run from a TOML file; paths in it are relative to its folder.

    Functions are named together with their module, as in `segment_words = "jieba:lcut"`. Such a name makes
    this process import the module and call the function with the text of the corpus, whatever they do.
    Therefore it is only allowed with `allow_functions=True`.

    Args:
        path: str or path.
        allow_functions: bool, whether the file may name functions. Allow this only for a file that you trust
            as much as a program.

    Returns:
        `RunSettings`.

    Raises:
        FileNotFoundError: if the file or the corpus does not exist.
        ValueError: if the file is not TOML, a setting is unknown or not valid, or the file names a function
            and this is not allowed.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise checks.invalid(
            "The file of settings must exist.", fix="Check the path.", kind=FileNotFoundError, path=str(path)
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
    """The same settings, with a path made relative to a folder."""
    if values.get(name) is None or str(values[name]).startswith("hf://"):
        return values
    return values | {name: str(near / values[name])}


def _with_functions(values, path, allow_functions):
    """The settings of examples, with the names of functions replaced by the functions."""
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
            fix="Correct the name; the tokenizer gives the size of the vocabulary.",
            where=where,
            unknown=unknown,
        )
    return values
