"""The BERT encoder: embeddings, encoder blocks and a pooler."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.adaptation import Adaptation
from kerasbert.checkpoints import PresetLoader, load_weights, open_checkpoint, own_weights, write_preset
from kerasbert.checkpoints.checkpoint import Checkpoint
from kerasbert.config import BertConfig
from kerasbert.layers import BertEmbeddings, EncoderBlock, Pooler
from kerasbert.layers.dense import left_empty
from kerasbert.layers.symbolic import symbolic
from kerasbert.rematerialization import rematerialized
from kerasbert.types import Config, PathLike, Self, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertEncoder(Adaptation, PresetLoader, keras.Model):
    """The encoder of BERT, which computes a vector for each token and one vector for the whole input.

    Devlin et al. 2019, https://arxiv.org/abs/1810.04805. The weights are created together with the object.

    If the attribute `rematerialize` is set to True before `fit`, training stores only the inputs of blocks,
    and computes their other activations again in the backward pass (gradient checkpointing). Gradients are
    the same, but training needs less memory and more time (Chen et al. 2016,
    https://arxiv.org/abs/1604.06174).

    Args:
        config: `BertConfig`, or its fields as a dict.
        pooler: bool, whether the encoder has a pooler, which computes `pooled_output`.

    Call arguments:
        inputs: dict with
            `token_ids`: int tensor `(B, S)`, or `(S,)` for one sequence;
            `segment_ids`: tensor of the same shape; all zeros if left out;
            `padding_mask`: tensor of the same shape, 1 at tokens and 0 at padding; all ones if left out.
        first_token_only: bool, whether to compute the last block for the first position only, for tasks that
            read nothing else: the same numbers with less work. `sequence_output` is then `(B, 1, D)`.
        return_all: bool, whether to also return the outputs and attention probabilities of all blocks.

    Returns:
        dict with
            `sequence_output`: float tensor `(B, S, D)`, or `(S, D)`;
            `pooled_output`: float tensor `(B, D)`, or `(D,)`, if there is a pooler;
            with `return_all`, `hidden_states`: list of `num_layers + 1` tensors `(B, S, D)`, the
            embeddings first, and `attentions`: list of `num_layers` tensors `(B, N, S, S)`.

    Raises:
        ValueError: if `token_ids` is missing or an input's name is unknown, or the sequence is longer
            than `max_sequence_length`.

    Example:

    >>> config = BertConfig(vocabulary_size=100, num_layers=2, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> outputs = BertEncoder(config)({"token_ids": np.array([[1, 2, 3]])})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["pooled_output"].shape)
    ((1, 3, 8), (1, 8))
    """

    rematerialize = False

    def __init__(self, config: BertConfig | Config, pooler: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config = BertConfig.from_dict(config) if isinstance(config, dict) else config
        dtype = self.dtype_policy
        self.embeddings = BertEmbeddings(
            config.vocabulary_size,
            config.hidden_dim,
            config.max_sequence_length,
            config.num_segments,
            config.layer_norm_epsilon,
            config.hidden_dropout,
            config.initializer_range,
            config.position_embedding,
            config.position_offset,
            config.embedding_dim,
            config.relative_position_buckets,
            config.num_heads,
            name="embeddings",
            dtype=dtype,
        )
        self.blocks = [
            EncoderBlock(
                heads,
                units,
                config.activation,
                config.layer_norm_epsilon,
                config.hidden_dropout,
                config.attention_dropout,
                config.initializer_range,
                config.head_dim,
                name=f"block_{i}",
                dtype=dtype,
            )
            for i, (heads, units) in enumerate(config.block_sizes)
        ] * (config.num_layers if config.shared_blocks else 1)
        pooling = config.initializer_range, config.pooler_activation
        self.pooler = Pooler(*pooling, name="pooler", dtype=dtype) if pooler else None
        self.build({"token_ids": (None, None)})
        self.load_report = None

    @classmethod
    def from_preset(
        cls, preset: PathLike, *, dtype: Any = None, extend_positions_to: int | None = None
    ) -> Self:
        """Builds the encoder of a checkpoint, with a pooler if the checkpoint has one.

        Args:
            preset: str or path of a folder, or `"hf://owner/name"`. The page on checkpoints lists the
                supported formats.
            dtype, extend_positions_to: as for a task's `from_preset`.

        Returns:
            `BertEncoder`; its `load_report` says which weights of the preset were loaded.

        Raises:
            FileNotFoundError: if the folder or a file in it is missing.
            ValueError: if the checkpoint is damaged or has another architecture.

        Warns:
            UserWarning: if the preset contains weights that an encoder does not have, other than those of a
                head.
        """
        checkpoint = open_checkpoint(preset)
        if extend_positions_to is not None:
            checkpoint = checkpoint.with_positions(extend_positions_to)
        encoder = cls.to_be_loaded(checkpoint, None, dtype)
        encoder.load_report = load_weights(encoder, checkpoint)
        return encoder

    @classmethod
    def to_be_loaded(cls, checkpoint: Checkpoint, pooler: bool | None = None, dtype: Any = None) -> Self:
        """Builds the encoder that a checkpoint describes, without spending time on initial values.

        Args:
            checkpoint: `Checkpoint`, whose weights are loaded next.
            pooler: bool or None; None: the encoder has a pooler if the checkpoint has one.
            dtype: Keras dtype or policy.
        """
        pooler = checkpoint.has_pooler if pooler is None else pooler
        if pooler and not checkpoint.has_pooler:
            return cls(checkpoint.config, pooler=pooler, dtype=dtype)
        with left_empty():
            return cls(checkpoint.config, pooler=pooler, dtype=dtype)

    def save_to_preset(self, folder: PathLike, tokenizer: Any = None) -> None:
        """Writes the weights and the config to a folder that `from_preset` and transformers can load.

        Args:
            folder: str or path. A preset that kerasbert wrote there, and that has not been changed since, is
                replaced once the new one is complete.
            tokenizer: the tokenizer that belongs to the encoder, or None to leave it out.

        Raises:
            FileExistsError: if the folder contains anything but a preset that kerasbert wrote.
        """
        write_preset(folder, self.config, self.weight_values(), tokenizer=tokenizer)

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns all weights except LoRA's by path, such as `encoder/block_0/attention/query/kernel`."""
        named = own_weights(self, "encoder")
        return {path: weight for path, weight in named.items() if "/lora_kernel_" not in path}

    def weight_values(self) -> dict[str, np.ndarray]:
        """Returns `named_weights()` as numpy arrays, with LoRA's changes merged."""
        values = {path: ops.convert_to_numpy(w) for path, w in self.named_weights().items()}
        for path, change in self.lora_changes().items():
            values[path] = values[path] + ops.convert_to_numpy(change)
        return values

    def build(self, inputs_shape: dict[str, Shape]) -> None:
        """Creates all weights."""
        embeddings, *others = self.parts()
        rows = tuple(inputs_shape["token_ids"])
        embeddings.build(rows)
        for layer in others:
            layer.build((*rows, self.config.hidden_dim))
        self.built = True

    def compute_output_shape(
        self, inputs_shape: dict[str, Shape], first_token_only: bool = False, return_all: bool = False
    ) -> dict[str, Any]:
        """Returns the shapes of a call's outputs, from a dict of the shapes of its inputs."""
        *lead, length = inputs_shape["token_ids"]
        width, rows = self.config.hidden_dim, 1 if first_token_only else length
        shapes: dict[str, Any] = {"sequence_output": (*lead, rows, width)}
        if self.pooler is not None:
            shapes["pooled_output"] = (*lead, width)
        if return_all:
            last = len(self.blocks) - 1
            shapes["hidden_states"] = [(*lead, length, width)] * (last + 1) + [(*lead, rows, width)]
            shapes["attentions"] = [
                (*lead, block.num_heads, rows if i == last else length, length)
                for i, block in enumerate(self.blocks)
            ]
        return shapes

    def compute_output_spec(
        self,
        inputs: Tensors,
        first_token_only: bool = False,
        return_all: bool = False,
        training: bool | None = None,
    ) -> Tensors:
        """Like `call`, for symbolic tensors."""
        self._check(inputs)
        shapes = {name: tensor.shape for name, tensor in inputs.items()}
        return symbolic(self, self.compute_output_shape(shapes, first_token_only, return_all))

    def call(
        self,
        inputs: Tensors,
        first_token_only: bool = False,
        return_all: bool = False,
        training: bool | None = None,
    ) -> Tensors:
        """See the class."""
        self._check(inputs)
        vectors = self.embeddings(inputs["token_ids"], inputs.get("segment_ids"), training=training)
        bias = self.embeddings.attention_bias(inputs["token_ids"], inputs.get("padding_mask"))
        return self.transform(vectors, bias, first_token_only, return_all, training)

    def transform(
        self,
        vectors: Tensor,
        bias: Tensor | None = None,
        first_token_only: bool = False,
        return_all: bool = False,
        training: bool | None = None,
    ) -> Tensors:
        """Runs the blocks and the pooler on embedded tokens.

        Args:
            vectors: float tensor `(B, S, D)`, or `(S, D)`, the output of the embeddings.
            bias: what `embeddings.attention_bias` returns.
            first_token_only, return_all, training: as for the encoder's call.

        Returns:
            The same as the encoder's call.
        """
        x = vectors
        hidden_states, attentions = [x], []
        for i, block in enumerate(self.blocks, start=1):
            is_last = i == len(self.blocks)
            kwargs = {"bias": bias, "first_token_only": first_token_only and is_last, "training": training}
            if return_all:
                x, attention = block(x, return_attention=True, **kwargs)
                hidden_states.append(x)
                attentions.append(attention)
            elif self.rematerialize and training:
                x = rematerialized(block, x, **kwargs)
            else:
                x = block(x, **kwargs)
        outputs = {"sequence_output": x}
        if self.pooler is not None:
            outputs["pooled_output"] = self.pooler(x)
        if return_all:
            outputs |= {"hidden_states": hidden_states, "attentions": attentions}
        return outputs

    def _check(self, inputs):
        known = {"token_ids", "segment_ids", "padding_mask"}
        if not isinstance(inputs, dict) or "token_ids" not in inputs or set(inputs) - known:
            raise checks.invalid(
                "`inputs` must be a dict with `token_ids` and, optionally, `segment_ids` and `padding_mask`.",
                fix='Pass {"token_ids": ids}, or what a `BertTokenizer` returns.',
                where=self.name,
                inputs=sorted(inputs) if isinstance(inputs, dict) else type(inputs).__name__,
            )

    def save(self, filepath: PathLike, **kwargs: Any) -> None:
        """Saves the encoder to a `.keras` file, as `keras.Model.save` does."""
        super().save(checks.keras_file(filepath), **kwargs)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`, the names of frozen layers, and the settings of LoRA."""
        return {
            **super().get_config(),
            "config": self.config.to_dict(),
            "pooler": self.pooler is not None,
            **self.adaptation(),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Builds an encoder from the result of `get_config`."""
        config = dict(config)
        adaptation = {name: config.pop(name, None) for name in ("frozen", "lora")}
        encoder = cls(**config)
        encoder.adapt(**adaptation)
        return encoder
