"""Questions about who lives where, and a tiny question answerer that knows the words."""

import keras

import kerasbert

WORDS = ["where", "who", "is", "lives", "in", "bonn", "rome", "paris", "ann", "bob", ".", "?", "影", "##s"]
PEOPLE, CITIES = ("Ann", "Bob"), ("Bonn", "Rome", "Paris")
QUESTIONS, CONTEXTS, ANSWERS = [], [], []
for person in PEOPLE:
    for city in CITIES:
        context = f"🎉 {person} lives in {city}."
        QUESTIONS += [f"Where is {person}?", f"Who is in {city}?"]
        CONTEXTS += [context] * 2
        ANSWERS += [[(city, context.index(city))], [(person, 2)]]


def make(max_length=32, seed=0, dim=8, **kwargs):
    keras.utils.set_random_seed(seed)
    tokenizer = kerasbert.BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=2,
        num_heads=2,
        hidden_dim=dim,
        intermediate_dim=2 * dim,
        max_sequence_length=max_length,
        initializer_range=0.3 if dim == 8 else 0.02,
        hidden_dropout=0.0,
        attention_dropout=0.0,
    )
    return kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config, pooler=False), tokenizer, **kwargs)


def long(prefix=20):
    """The same rows, with answers that a first window does not reach."""
    return [("🎉 " * prefix) + c for c in CONTEXTS], [[(t, s + 2 * prefix) for t, s in a] for a in ANSWERS]
