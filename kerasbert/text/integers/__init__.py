"""Tokenizers as integers: code points in, token ids and places out, in operations that every runtime has."""

from kerasbert.text.integers.tokenizer import IntegerTokenizer
