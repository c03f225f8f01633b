"""Tokenizers as integer graphs: code points in, token ids and offsets out, with ops of every runtime."""

from kerasbert.text.integers.tokenizer import IntegerTokenizer
