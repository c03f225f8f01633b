"""A report on which weights of a checkpoint were loaded."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What happened to every weight of a checkpoint and of a model.

    Args:
        source: str, the file that was read.
        loaded: dict, our path of each loaded weight -> its name in the file.
        initialized: tuple of our paths of weights that the file lacks, and that keep their initial values.
        ignored: tuple of names of weights in the file that the model does not have.
        renamed: dict, old name in the file -> its current name.

    Example:

    >>> loaded = {"encoder/pooler/dense/bias": "pooler.dense.bias"}
    >>> print(LoadReport("model.safetensors", loaded, (), ("cls.bias",), {}))
    model.safetensors
      loaded       1 weights
      initialized  0 weights
      ignored      1 weights: cls.bias
      renamed      0 weights
    """

    source: str
    loaded: dict[str, str]
    initialized: tuple[str, ...]
    ignored: tuple[str, ...]
    renamed: dict[str, str]

    def __str__(self):
        renamed = [f"{old} is {new}" for old, new in self.renamed.items()]
        listed = (
            ("loaded", len(self.loaded), ()),
            ("initialized", len(self.initialized), self.initialized),
            ("ignored", len(self.ignored), self.ignored),
            ("renamed", len(self.renamed), renamed),
        )
        lines = [self.source]
        for title, count, names in listed:
            lines.append(f"  {title:<12} {count} weights{': ' if names else ''}{_some(names)}")
        return "\n".join(lines)


def _some(names, limit=8):
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
