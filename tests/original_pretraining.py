"""What Google's `create_pretraining_data.py` does, told again plainly: lists of tokens, one at a time."""


def pairs_of_document(documents, number, max_num_tokens, short_sequence_rate, random_next_rate, rng):
    """`create_instances_from_document`: yields (first tokens, second tokens, is random)."""
    document = documents[number]
    target = max_num_tokens
    if rng.random() < short_sequence_rate:
        target = rng.randint(2, max_num_tokens)
    chunk, length, i = [], 0, 0
    while i < len(document):
        chunk.append(document[i])
        length += len(document[i])
        if i == len(document) - 1 or length >= target:
            a_end = rng.randint(1, len(chunk) - 1) if len(chunk) >= 2 else 1
            first = [token for sentence in chunk[:a_end] for token in sentence]
            second = []
            is_random = len(chunk) == 1 or rng.random() < random_next_rate
            if is_random:
                wanted = target - len(first)
                for _ in range(10):
                    other = rng.randint(0, len(documents) - 1)
                    if other != number:
                        break
                start = rng.randint(0, len(documents[other]) - 1)
                for sentence in documents[other][start:]:
                    second += sentence
                    if len(second) >= wanted:
                        break
                i -= len(chunk) - a_end  # what was not used goes back
            else:
                second = [token for sentence in chunk[a_end:] for token in sentence]
            truncate(first, second, max_num_tokens, rng)
            yield first, second, is_random
            chunk, length = [], 0
        i += 1


def truncate(first, second, max_num_tokens, rng):
    """`truncate_seq_pair`."""
    while len(first) + len(second) > max_num_tokens:
        longer = first if len(first) > len(second) else second
        if rng.random() < 0.5:
            del longer[0]
        else:
            longer.pop()


def masked_positions(tokens, rate, max_predictions, rng, continues=None):
    """The choice in `create_masked_lm_predictions`, with whole words if `continues` tells of them.

    `tokens` has None where a token is special.
    """
    groups = []
    for i, token in enumerate(tokens):
        if token is None:
            continue
        if groups and continues is not None and continues[i] and tokens[i - 1] is not None:
            groups[-1].append(i)
        else:
            groups.append([i])
    rng.shuffle(groups)
    wanted = min(max_predictions, max(1, round(len(tokens) * rate)))
    chosen = []
    for group in groups:
        if len(chosen) >= wanted:
            break
        if len(chosen) + len(group) <= wanted:
            chosen += group
    return sorted(chosen)
