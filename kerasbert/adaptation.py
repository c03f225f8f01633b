"""Chooses which weights of an encoder are trained: frozen blocks and LoRA."""

from collections.abc import Sequence

import keras

from kerasbert import checks
from kerasbert.types import Config, Tensors


class Adaptation:
    """The part of an encoder that decides which of its weights are fine-tuned."""

    lora_rank = lora_alpha = None

    def parts(self) -> list[keras.layers.Layer]:
        """The layers, from the bottom up."""
        return [self.embeddings, *dict.fromkeys(self.blocks), *([self.pooler] if self.pooler else [])]

    def freeze(self, blocks: int | None) -> None:
        """Freezes the embeddings and the lowest blocks, so that only the blocks above them are trained.

        As in Lee et al. 2019, https://arxiv.org/abs/1911.03090. Call this before `compile`; call it again
        with a smaller number to unfreeze blocks from the top.

        Args:
            blocks: int or None, the number of blocks to freeze; 0 freezes only the embeddings, None nothing.
                Blocks that are shared are frozen all or none.

        Raises:
            ValueError: if there are fewer blocks, or LoRA is enabled, which freezes all blocks.
        """
        self.check_merged("freeze")
        if blocks is not None:
            count = len(self.blocks)
            checks.one_of(
                self.name, (0, count) if self.config.shared_blocks else range(count + 1), blocks=blocks
            )
        for level, layer in enumerate([self.embeddings, *self.blocks]):
            layer.trainable = learns = blocks is None or level > blocks
            for weight in layer.weights:  # a layer that is already trainable would not change its weights
                weight.trainable = learns

    def enable_lora(self, rank: int, alpha: float | None = None) -> None:
        """Enables LoRA: trains only low-rank changes of query and value kernels, the pooler and heads.

        LoRA: Hu et al. 2021, section 4, https://arxiv.org/abs/2106.09685. Call this before `compile`. A
        `.keras` file stores the LoRA weights separately, a preset stores merged weights, and other exports
        need `merge_lora` first.

        Args:
            rank: int, r, the rank of the changes.
            alpha: float or None; changes are multiplied by `alpha / rank`. None: by 1.

        Raises:
            ValueError: if LoRA is already enabled.
        """
        checks.positive_int(self.name, rank=rank)
        if alpha is not None:
            checks.positive_float(self.name, alpha=alpha)
        self.freeze(len(self.blocks))
        for dense in self._lora_targets().values():
            dense.enable_lora(rank, lora_alpha=alpha)
        self.lora_rank, self.lora_alpha = rank, alpha

    def merge_lora(self) -> None:
        """Adds the changes that LoRA has learned to the kernels, and removes LoRA; outputs stay the same.

        After another `compile`, all weights are trainable again. Without LoRA this does nothing.
        """
        if self.lora_rank:
            for dense in self._lora_targets().values():
                dense.merge_lora()
            self.lora_rank = self.lora_alpha = None
            self.freeze(None)

    def check_merged(self, where: str) -> None:
        """Raises ValueError if LoRA is enabled and not merged."""
        if self.lora_rank:
            raise checks.invalid(
                "LoRA must be merged first.",
                fix="Call the encoder's `merge_lora()`.",
                where=where,
                lora_rank=self.lora_rank,
            )

    def lora_changes(self) -> Tensors:
        """Returns the changes that LoRA adds to kernels, float32 tensors by path; empty without LoRA."""
        targets = self._lora_targets() if self.lora_rank else {}
        return {path: dense.lora_change() for path, dense in targets.items()}

    def _lora_targets(self):
        """The layers that LoRA changes, by the paths of their kernels."""
        return {
            f"encoder/{block.name}/attention/{name}/kernel": getattr(block.attention, f"{name}_dense")
            for block in self.blocks
            for name in ("query", "value")
        }

    def adaptation(self) -> Config:
        """The part of a config that describes frozen layers and LoRA: the arguments of `adapt`."""
        return {
            "frozen": [layer.name for layer in self.parts() if not layer.trainable],
            "lora": {"rank": self.lora_rank, "alpha": self.lora_alpha} if self.lora_rank else None,
        }

    def adapt(self, frozen: Sequence[str] | None, lora: Config | None) -> None:
        """Freezes the layers with these names, and enables LoRA; None stands for neither."""
        for layer in self.parts():
            if layer.name in (frozen or ()):
                layer.trainable = False
        if lora:
            self.enable_lora(**lora)
