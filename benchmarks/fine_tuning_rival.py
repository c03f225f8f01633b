"""Fine-tuning with transformers' Trainer on PyTorch, for `fine_tuning_side_by_side.py`."""

import tempfile

import torch
import transformers
from public_sets import label_names, weights_folder


def fit(options, public_set, train, held_out, clock_class):
    """Fits once; returns the seconds, and the labels found for `held_out`."""
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.set_seed(options.seeds[0])
    words = public_set.kind == "words"
    order = "group_by_length" if options.contender == "transformers-by-length" else "random"
    labels = label_names(public_set, train)
    # transformers imports these when they are asked for.
    from transformers import AutoTokenizer, Trainer, TrainingArguments

    if words:
        from transformers import AutoModelForTokenClassification as Model
        from transformers import DataCollatorForTokenClassification as Collator
    else:
        from transformers import AutoModelForSequenceClassification as Model
        from transformers import DataCollatorWithPadding as Collator
    clock = clock_class()
    tokenizer = AutoTokenizer.from_pretrained(weights_folder())
    model = Model.from_pretrained(weights_folder(), num_labels=len(labels))
    rows = _tokenized(tokenizer, public_set, train[0])
    numbers = {name: number for number, name in enumerate(labels)}
    for row, label in zip(rows, train[1], strict=True):
        if words:
            row["labels"] = [
                -100 if place is None else numbers[label[place]] for place in row.pop("first_tokens")
            ]
        else:
            row["labels"] = numbers[label]
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model,
            TrainingArguments(
                folder,
                num_train_epochs=options.epochs,
                per_device_train_batch_size=public_set.batch_size,
                learning_rate=options.learning_rate,
                lr_scheduler_type="linear",
                warmup_steps=0.1,
                weight_decay=0.01,
                adam_epsilon=1e-6,
                max_grad_norm=1.0,
                train_sampling_strategy=order,
                bf16=options.bfloat16,
                seed=options.seeds[0],
                use_cpu=True,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            data_collator=Collator(tokenizer),
            train_dataset=rows,
        )
        trainer.train()
    seconds = clock.read()
    return seconds, _labels_found(model.eval(), tokenizer, public_set, held_out, labels)


def _tokenized(tokenizer, public_set, x):
    """Rows as dicts of lists; of words also `first_tokens`, the word that starts at a token, or None."""
    words = public_set.kind == "words"
    batch = tokenizer(
        [list(row) for row in x] if words else list(x),
        is_split_into_words=words,
        truncation=True,
        max_length=public_set.max_sequence_length,
    )
    rows = [{name: batch[name][i] for name in sorted(batch)} for i in range(len(x))]
    if words:
        for i, row in enumerate(rows):
            places = batch.word_ids(i)
            row["first_tokens"] = [
                None if place == before else place
                for before, place in zip([None, *places[:-1]], places, strict=True)
            ]
    return rows


def _labels_found(model, tokenizer, public_set, x, labels):
    """A label for each row, or for each word of each row; words that were cut off are outside."""
    rows = _tokenized(tokenizer, public_set, x)
    found = []
    for row, original in zip(rows, x, strict=True):
        first_tokens = row.pop("first_tokens", None)
        with torch.no_grad():
            best = model(**{name: torch.tensor([v]) for name, v in row.items()}).logits[0].argmax(-1).tolist()
        if first_tokens is None:
            found.append(labels[best])
            continue
        names = ["O"] * len(original)
        for place, number in zip(first_tokens, best, strict=True):
            if place is not None:
                names[place] = labels[number]
        found.append(names)
    return found
