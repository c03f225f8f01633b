"""Texts of which XLM-R's tokenizer gives other ids here than elsewhere, and in LiteRT than in our graph.

    python benchmarks/sentencepiece_agreement.py FOLDER [--fuzzed 100000] [--litert]

FOLDER is multilingual E5 small, as `e5_small.py` writes it. Compares ids with `sentencepiece` and with
Hugging Face's `tokenizers`, and with `--litert` ids and places with the same tokenizer as integers.
"""

import argparse
import base64
import json
import os
import pathlib
import struct
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
AT_A_TIME = 2_000


def texts(shared, fuzzed):
    """Name of a set -> its texts, without zeros at the end, which are padding to files."""
    from multilingual import LANGUAGES, xquad
    from piece_models import mixed_texts

    golden = next(shared.glob("tokenizer/golden/*.jsonl"))
    rows = map(json.loads, golden.read_text("utf-8").splitlines())
    naughty = json.loads(next(shared.glob("tokenizer/blns/*.json")).read_text("utf-8"))
    found = {f"XQuAD, {x}": [text for part in xquad(shared, x) for text in part] for x in LANGUAGES}
    found["golden"] = [row["text"] for row in rows if isinstance(row, dict) and "text" in row]
    found["naughty strings"] = naughty
    found["every assigned code point between two letters"] = [f"a{c}b" for c in assigned()]
    found["fuzzed"] = mixed_texts(fuzzed, seed=19)
    return {name: [text.rstrip("\0") for text in part] for name, part in found.items()}


def assigned():
    import unicodedata

    characters = map(chr, range(sys.maxunicode + 1))
    return [c for c in characters if unicodedata.category(c) not in ("Cn", "Cs")]


def model_file(tokenizer):
    """The tokenizer as a model file of SentencePiece: a protocol buffer of pieces and two settings."""

    def field(number, content):
        return bytes([number << 3 | 2]) + varint(len(content)) + content

    def varint(value):
        more = []
        while value > 0x7F:
            more.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*more, value])

    kinds = {"<unk>": 2} | dict.fromkeys(("<s>", "</s>", "<pad>", "<mask>"), 3)
    pieces = b"".join(
        field(
            1,
            field(1, piece.encode())
            + b"\x15"
            + struct.pack("<f", score)
            + bytes([3 << 3, kinds.get(piece, 1)]),
        )
        for piece, score in zip(tokenizer.vocabulary, tokenizer.scores, strict=True)
    )
    # The kind of model, and the numbers of <unk>, <s>, </s> and <pad>.
    numbers = (tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.pad_id)
    trainer = bytes([3 << 3, 1]) + b"".join(
        varint(40 + i << 3) + varint(number) for i, number in enumerate(numbers)
    )
    return pieces + field(2, trainer) + field(3, field(2, base64.b64decode(tokenizer.charsmap)))


def main(folder, shared, fuzzed, litert):
    import sentencepiece
    import tokenizers

    import kerasbert

    ours = kerasbert.SentencePieceTokenizer.from_folder(folder)
    finding = kerasbert.SentencePieceTokenizer.from_folder(folder, special_tokens_in_text=True)
    plain = kerasbert.SentencePieceTokenizer.from_config(ours.get_config() | {"all_white_space": False})
    google = sentencepiece.SentencePieceProcessor(model_proto=model_file(ours))
    fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    fast.no_truncation()
    others = {
        "sentencepiece": (plain, lambda part: google.encode(part)),
        "tokenizers": (
            finding,
            lambda part: [found.ids for found in fast.encode_batch_fast(part, add_special_tokens=False)],
        ),
    }
    if litert:
        from code_point_runners import by_litert, tokenized

        answer = tokenized(finding, by_litert)
    print("| texts | number | sentencepiece | tokenizers | LiteRT | seconds |\n|---|---|---|---|---|---|")
    for name, part in texts(shared, fuzzed).items():
        start, counts = time.perf_counter(), []
        for other, (tokenizer, encode) in others.items():
            wrong = []
            for first in range(0, len(part), AT_A_TIME):
                some = part[first : first + AT_A_TIME]
                found = tokenizer.tokenize(some).to_list()
                wrong += [t for t, a, b in zip(some, found, encode(some), strict=True) if list(a) != list(b)]
            counts.append(len(wrong))
            for text in wrong[:3]:
                print(f"    {other}: {text[:40]!r}", file=sys.stderr)
        if litert:
            wrong = 0
            for first in range(0, len(part), AT_A_TIME):
                some = part[first : first + AT_A_TIME]
                rows = zip(*(x.to_list() for x in finding.tokenize_with_offsets(some)), strict=True)
                wrong += sum(answer(text) != list(row) for text, row in zip(some, rows, strict=True))
            counts.append(wrong)
        cells = " | ".join(map(str, [*counts, *([] if litert else ["-"])]))
        print(f"| {name} | {len(part)} | {cells} | {time.perf_counter() - start:.0f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--fuzzed", type=int, default=100_000)
    parser.add_argument("--litert", action="store_true")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.shared, arguments.fuzzed, arguments.litert)
