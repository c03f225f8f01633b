"""Text to tokens: vocabulary, tokenizer, packing and offsets, all as TensorFlow graph operations."""

from kerasbert.text.added_tokens import AddedToken
from kerasbert.text.albert import AlbertTokenizer
from kerasbert.text.bertweet import BertweetTokenizer
from kerasbert.text.folders import tokenizer_from_folder
from kerasbert.text.inputs import as_text_tensor
from kerasbert.text.mpnet import MPNetTokenizer
from kerasbert.text.normalization import valid_utf8
from kerasbert.text.packing import TOKEN_INPUTS
from kerasbert.text.roberta import RobertaTokenizer
from kerasbert.text.sentencepiece import SentencePieceTokenizer
from kerasbert.text.tokenizer import BertTokenizer
from kerasbert.text.tweets import normalise_tweet
from kerasbert.text.vocabulary import SPECIAL_TOKENS, Vocabulary

__all__ = [
    "SPECIAL_TOKENS",
    "TOKEN_INPUTS",
    "AddedToken",
    "AlbertTokenizer",
    "BertTokenizer",
    "BertweetTokenizer",
    "MPNetTokenizer",
    "RobertaTokenizer",
    "SentencePieceTokenizer",
    "Vocabulary",
    "normalise_tweet",
    "tokenizer_from_folder",
]
