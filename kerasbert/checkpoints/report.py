"""What loading a checkpoint did, weight by weight."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What became of every weight of a checkpoint and of a model.

    Args:
        source: str, the file that was read.
        loaded: dict, our path of each loaded weight -> its name in the file.
        initialized: tuple of our paths that the file lacks; they keep their random start.
        ignored: tuple of names in the file that the model has no place for.

    Example:

    >>> print(LoadReport("model.safetensors", {"pooler/dense/bias": "pooler.dense.bias"}, (), ("cls.bias",)))
    model.safetensors
      loaded       1 weights
      initialized  0 weights
      ignored      1 weights: cls.bias
    """

    source: str
    loaded: dict
    initialized: tuple
    ignored: tuple

    def __str__(self):
        lines = [self.source, f"  loaded       {len(self.loaded)} weights"]
        for title, names in (("initialized", self.initialized), ("ignored", self.ignored)):
            listed = f": {', '.join(names)}" if names else ""
            lines.append(f"  {title:<12} {len(names)} weights{listed}")
        return "\n".join(lines)
