"""What other libraries call the parts of a tokenizer, and what to write here."""

OTHER_NAMES = {
    "decode": "tokenizer.detokenize(ids)",
    "batch_decode": "[tokenizer.detokenize(row) for row in ids]",
    "encode": "tokenizer(text)",
    "id_to_token": "tokenizer.vocabulary[id]",
    "token_to_id": "tokenizer.vocabulary.id_of(token)",
    "convert_ids_to_tokens": "tokenizer.to_tokens(ids)",
    "convert_tokens_to_ids": "[tokenizer.vocabulary.id_of(token) for token in tokens]",
    "get_vocabulary": "list(tokenizer.vocabulary)",
    "get_vocab": "{token: i for i, token in enumerate(tokenizer.vocabulary)}",
    "vocab_size": "tokenizer.vocabulary_size",
    **{f"{name}_token_id": f"tokenizer.{name}_id" for name in ("pad", "unk", "cls", "sep", "mask")},
}
