"""Long rows of tokens cut into windows that overlap, each word decided in one of them."""

import numpy as np


def word_windows(words, room, stride):
    """Cuts rows of tokens into windows.

    A row that fits is one window. Of a longer one, each begins `stride` tokens after the one before, and the
    last ends with the row. A word is decided in the window in which its first token stands farthest from a
    border. A window that decides no word is left out.

    Args:
        words: `Words`.
        room: int, the most tokens in a window, special ones not counted.
        stride: int from 1 to `room`.

    Returns:
        A pair of lists of int32 arrays, one to a window: token ids; and at each token the number in all
        words of the word that it decides, or -1.

    Example:

    >>> from kerasbert.data import tokenize_words
    >>> letters = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdef"])
    >>> ids, decided = word_windows(tokenize_words([[*"abcdef"]], letters), room=4, stride=2)
    >>> [row.tolist() for row in ids], [row.tolist() for row in decided]
    ([[5, 6, 7, 8], [7, 8, 9, 10]], [[0, 1, 2, -1], [-1, 3, 4, 5]])
    """
    ids, decided = [], []
    for row in range(len(words.splits) - 1):
        begin, end = words.id_splits[row : row + 2]
        numbers = np.arange(*words.splits[row : row + 2], dtype="int32")
        first = words.first[words.splits[row] : words.splits[row + 1]]
        numbers, first = numbers[first >= 0], first[first >= 0]
        at = np.full(end - begin, -1, "int32")
        at[first - begin] = numbers
        if not len(numbers):
            continue
        if end - begin <= room:
            ids.append(words.ids[begin:end])
            decided.append(at)
            continue
        starts = np.append(np.arange(0, end - begin - room, stride), end - begin - room)
        # Halfway between the middles of two windows a token is equally far from a border of each.
        halfway = (starts[:-1] + starts[1:] + room - 1) / 2
        window = np.searchsorted(halfway, first - begin, side="left")
        for which in np.unique(window):
            start = starts[which]
            mine = np.full(room, -1, "int32")
            places = first[window == which] - begin
            mine[places - start] = at[places]
            ids.append(words.ids[begin + start : begin + start + room])
            decided.append(mine)
    return ids, decided
