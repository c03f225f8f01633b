"""What all tokenizers share: the texts they accept, and how they turn ids into the inputs of an encoder."""

import functools
from typing import Any

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.pages import Table
from kerasbert.text import decoding, huggingface_out, packing
from kerasbert.text.inputs import as_text_tensor
from kerasbert.text.other_names import OTHER_NAMES
from kerasbert.types import Config, PathLike, Self, Tensor, Tensors, Texts

# What a notebook shows the tokens of.
_EXAMPLE = "Café owners weren't amused."


class TextTokenizer:
    """The common part of all tokenizers.

    A subclass sets `vocabulary`, `pad_id`, `unk_id`, `cls_id`, `sep_id` and `mask_id`, and says in
    `_tokenize(texts, with_offsets)` how a string tensor becomes ids, in `_joined(tokens)` how tokens become a
    text, and in `_files(max_length)` which files hold it, a dict of name -> content.
    """

    word_prefix = ""  # goes before every word but the first when words are tokenized one by one
    # The constructor's arguments, attributes of the same names: those that are lists, and the others.
    _lists: tuple[str, ...] = ("vocabulary",)
    _settings: tuple[str, ...] = ()
    in_graph = True  # whether it consists of graph operations, so that files can hold it
    num_separators = 1  # how many separators stand between the first and the second text
    second_segment = 1  # the segment id of the second text and of the separator after it

    @property
    def vocabulary_size(self) -> int:
        """int, the number of tokens."""
        return len(self.vocabulary)

    def tokenize(self, texts: Texts) -> Tensor:
        """Turns texts into token ids, without special tokens.

        Args:
            texts: one text, or B of them: str, bytes, list, numpy array, pandas Series or string tensor.

        Returns:
            Ragged int32 (B, None), or an int32 tensor (S,) for one text.

        Raises:
            TypeError: if something is not text.
        """
        return self._in_one_graph(as_text_tensor(texts, "texts"), with_offsets=False)[0]

    def tokenize_with_offsets(self, texts: Texts) -> tuple[Tensor, Tensor, Tensor]:
        """Turns texts into token ids and says where in the text each token stands.

        Args:
            texts: as for `tokenize`.

        Returns:
            (ids, starts, ends), each ragged int32 (B, None), or int32 (S,) for one text. Positions count
            characters (code points) of the original text: `text[start:end]` is what the token was made of.
            Bytes that are ignored because they are not valid UTF-8 do not count.

        Raises:
            TypeError: if something is not text.
        """
        return self._in_one_graph(as_text_tensor(texts, "texts"), with_offsets=True)

    def _in_one_graph(self, texts, with_offsets):
        if texts.shape.rank == 0:
            return tuple(values[0] for values in self._in_one_graph(texts[tf.newaxis], with_offsets))
        return self._graphs[with_offsets](texts)

    @functools.cached_property
    def _graphs(self):
        """`_tokenize` without and with offsets, as functions that are traced only once.

        Data sets and other graphs then call each one as a single operation, and do not have to trace its
        hundred small steps again. With eager tensors it takes a tenth of the time.
        """
        signature = [tf.TensorSpec([None], tf.string)]
        return [
            tf.function(
                functools.partial(self._tokenize, with_offsets=with_offsets),
                input_signature=signature,
                autograph=False,
            )
            for with_offsets in (False, True)
        ]

    def pack(self, first: Tensor, second: Tensor | None = None, max_length: int | None = None) -> Tensors:
        """Adds the model's special tokens to token ids, truncates them and pads them for the encoder.

        The result is `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]` for BERT, and `<s> first </s>`
        or `<s> first </s></s> second </s>` for RoBERTa and XLM-R, whose segment ids are all 0.
        Pairs that are too long lose tokens from the end of the longer text, or of the second text if both are
        equally long, until they fit (Devlin et al. 2019, appendix A.2, as in the original code).

        Args:
            first: ragged int32 (B, None) from `tokenize`, or (S,) for one text.
            second: like `first`, or None.
            max_length: int or None, the most tokens a row may have, special tokens included.

        Returns:
            dict of `token_ids`, `segment_ids` and `padding_mask` (1 for tokens, 0 for padding), each int32
            (B, S), where S is the length of the longest row; (S,) for one text.

        Raises:
            ValueError: if `max_length` has no room for the special tokens.
        """
        self.check_room(max_length, second is not None)
        one, first, second = packing.as_ragged(first, second)
        packed = packing.pack(
            first,
            second,
            max_length,
            cls_id=self.cls_id,
            sep_id=self.sep_id,
            pad_id=self.pad_id,
            separators=self.num_separators,
            second_segment=self.second_segment,
        )
        return {name: value[0] for name, value in packed.items()} if one else packed

    def check_room(self, max_length: int | None, pairs: bool) -> None:
        """Checks that `max_length` has room for the special tokens.

        Args:
            max_length: int or None, the most tokens a row may have.
            pairs: bool, whether a row holds two texts.

        Raises:
            ValueError: if `max_length` is not a positive int or is too small.
        """
        if max_length is None:
            return
        where = f"{type(self).__name__}.pack"
        least = 2 + self.num_separators if pairs else 2
        checks.positive_int(where, max_length=max_length)
        if max_length < least:
            raise checks.invalid(
                f"`max_length` must be at least {least}, the number of special tokens.",
                fix="Pass a larger number, such as 128.",
                where=where,
                max_length=max_length,
            )

    def packed_lengths(self, first: Tensor, second: Tensor | None = None) -> Tensor:
        """The lengths that packed rows would have without truncation, special tokens included.

        Args:
            first: ragged int32 (B, None) from `tokenize`, or (S,) for one text.
            second: like `first`, or None.

        Returns:
            int32 (B,), or () for one text. Rows above `max_length` are the ones that `pack` truncates.
        """
        one, first, second = packing.as_ragged(first, second)
        lengths = packing.packed_lengths(
            packing.row_lengths(first),
            None if second is None else packing.row_lengths(second),
            separators=self.num_separators,
        )
        return lengths[0] if one else lengths

    def __call__(self, texts: Texts, second: Texts | None = None, max_length: int | None = None) -> Tensors:
        """Tokenizes texts and packs the token ids for the encoder: see `tokenize` and `pack`.

        Args:
            texts: one text, or B texts.
            second: the second texts of pairs, as many as `texts`, or None.
            max_length: int or None, the most tokens a row may have.

        Returns:
            dict of `token_ids`, `segment_ids` and `padding_mask`, each int32 (B, S), or (S,) for one text.
        """
        texts = as_text_tensor(texts, "texts")
        if second is not None:
            second = as_text_tensor(second, "second")
            second = self.tokenize(second)
        return self.pack(self.tokenize(texts), second, max_length)

    def to_tokens(self, ids: Any) -> Any:
        """The tokens that belong to ids.

        Args:
            ids: int, or a list, array or ragged tensor of ints, of any depth.

        Returns:
            str, or lists of str of the same depth.
        """
        return decoding.to_tokens(decoding.as_list(ids), self.vocabulary)

    def detokenize(self, ids: Any) -> Any:
        """Turns ids into readable text, without the tokens for padding and those around texts.

        The tokens for unknown words and for masks stay. What normalisation removed, such as case, accents or
        spaces, is not restored. Of byte-level tokens and byte pieces, bytes that do not form valid UTF-8,
        such as a part of a character whose other tokens are missing, become U+FFFD.

        Args:
            ids: list of int or (S,) tensor; or B rows of ids, as a list, array or ragged tensor.

        Returns:
            str, or a list of B str.
        """
        return self._to_text(decoding.as_list(ids))

    def _to_text(self, ids):
        if any(isinstance(row, (list, tuple)) for row in ids):
            return [self._to_text(row) for row in ids]
        tokens, left_out = decoding.to_tokens(ids, self.vocabulary), (self.pad_id, self.cls_id, self.sep_id)
        return self._joined([token for i, token in zip(ids, tokens, strict=True) if i not in left_out])

    def __getattr__(self, name):
        if name not in OTHER_NAMES:
            raise AttributeError(f"A {type(self).__name__} has no attribute `{name}`.", name=name, obj=self)
        raise checks.invalid(
            f"A {type(self).__name__} has no `{name}`.",
            fix=f"Write {OTHER_NAMES[name]}.",
            kind=AttributeError,
        )

    def save_to_folder(self, folder: PathLike, max_length: int | None = None) -> None:
        """Writes the tokenizer's files in Hugging Face's layout.

        `from_folder` reads them back. `transformers.AutoTokenizer` also reads them, and gives the same ids,
        if a `config.json` beside them has the `model_type` of the checkpoint, such as `bert`. The files do
        not store `special_tokens_in_text`, because Hugging Face's tokenizers always find special tokens in
        texts; `from_folder` takes it as an argument.

        Args:
            folder: str or path; created if missing. Each file appears complete or not at all.
            max_length: int or None, the `model_max_length` to which Hugging Face's tokenizers truncate if
                truncation is on.

        Raises:
            ValueError: if the files cannot hold the vocabulary, such as a token with a line break in a
                `vocab.txt`; then no file is written.
        """
        huggingface_out.save(folder, self._files(max_length))

    def summary_table(self) -> Table:
        """Returns what the tokenizer is as a table: its size, its settings, and the tokens of a text."""
        special = [
            f"{self.vocabulary[i]} {i}"
            for i in sorted({self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id})
        ]
        settings = {name: value for name, value in self.get_config().items() if name not in self._lists}
        simple = [
            [name.replace("_", " "), str(value)]
            for name, value in settings.items()
            if isinstance(value, (bool, int, float, str))
        ]
        tokens = " · ".join(self.to_tokens(self.tokenize(_EXAMPLE).numpy().tolist()))
        size = ["vocabulary", f"{self.vocabulary_size:,} tokens"]
        rows = [size, ["special tokens", ", ".join(special)], *simple, [_EXAMPLE, tokens]]
        return Table(type(self).__name__, ["", ""], rows)

    def _repr_html_(self) -> str:
        return self.summary_table()._repr_html_()

    def __reduce__(self):  # graphs can be neither copied nor sent to another process
        return type(self).from_config, (self.get_config(),)

    def get_config(self) -> Config:
        """The constructor's arguments, in a form that JSON can hold.

        Returns:
            dict; the vocabulary and what belongs to it, such as merges or scores, are lists.
        """
        lists = {name: list(getattr(self, name)) for name in self._lists}
        return lists | {name: getattr(self, name) for name in self._settings}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Makes a tokenizer from what `get_config` returned.

        Args:
            config: dict, which must contain the lists of tokens themselves and not paths, so that a
                downloaded model cannot read files of this machine.

        Returns:
            A tokenizer of this class.

        Raises:
            ValueError: if a list of tokens is missing or is not a list.
        """
        for name in cls._lists:
            if not isinstance(config.get(name), (list, tuple)):
                raise checks.invalid(
                    f"The config of a {cls.__name__} must hold its {name} as a list.",
                    fix="Pass what `get_config` returned; only the constructor takes a path.",
                    where=f"{cls.__name__}.from_config",
                    **{name: config.get(name)},
                )
        return cls(**config)
