import numpy as np
import pytest
from conformance_cases import DIVERSE, make_task, outputs, slow_but


@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_from_preset_gives_back_what_save_to_preset_wrote(name, config, tokenizer, texts, tmp_path):
    if name == "BertNextSentencePredictor" and config.shared_blocks:
        pytest.skip("transformers has no class for it, so that it is refused: see test_families.py")
    task = make_task(name, config, tokenizer, max_sequence_length=14)
    for i, weight in enumerate(task.weights):
        weight.assign(np.random.default_rng(i).normal(size=weight.shape))
    task.save_to_preset(tmp_path / "it")
    again = type(task).from_preset(tmp_path / "it")
    assert not again.load_report.initialized
    assert not again.load_report.ignored
    mine, other = (
        {k: v for k, v in t.get_config().items() if k not in ("name", "encoder")} for t in (task, again)
    )
    assert mine == other
    assert again.encoder.config == task.encoder.config
    tokens = tokenizer(texts, max_length=14)
    if name == "BertMultipleChoice":
        tokens = {key: value[None] for key, value in tokens.items()}
    expected = outputs(task(tokens))
    for key, value in outputs(again(tokens)).items():
        np.testing.assert_array_equal(value, expected[key])
    again.save_to_preset(tmp_path / "it")  # over a preset


def test_a_folder_with_other_files_is_left_alone(config, tokenizer, tmp_path):
    task = make_task("BertMaskedLM", config, tokenizer)
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(FileExistsError, match=r"nothing else.*others=.'thesis.txt'"):
        task.save_to_preset(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failure_leaves_the_old_preset(config, tokenizer, tmp_path, monkeypatch):
    task = make_task("BertMaskedLM", config, tokenizer)
    task.save_to_preset(tmp_path / "it")
    before = (tmp_path / "it" / "model.safetensors").read_bytes()
    task.head.output_bias.assign(np.ones(task.head.vocabulary_size))

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(type(tokenizer), "save_to_folder", full)
    with pytest.raises(OSError, match="No space"):
        task.save_to_preset(tmp_path / "it")
    assert (tmp_path / "it" / "model.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
