import fnmatch
import sys
import types

import pytest

from kerasbert.checkpoints import preset_folder


def test_a_local_folder_is_itself(tmp_path):
    assert preset_folder(str(tmp_path)) == tmp_path


def test_a_missing_folder_says_how_to_name_a_hub(tmp_path):
    with pytest.raises(FileNotFoundError, match="write hf://owner/name"):
        preset_folder(tmp_path / "absent")


@pytest.mark.parametrize(
    ("files", "weights"),
    [
        (["model.safetensors", "pytorch_model.bin", "tf_model.h5", "onnx/model.onnx"], ["model.safetensors"]),
        (["model-00001-of-00002.safetensors", "model.safetensors.index.json"], None),
        (["pytorch_model.bin", "flax_model.msgpack"], ["pytorch_model.bin"]),
        (["model.weights.h5", "task.weights.h5"], None),
        (["bert_model.ckpt.index", "bert_model.ckpt.data-00000-of-00001"], None),
    ],
)
def test_a_hub_name_is_fetched_without_other_formats_weights(tmp_path, monkeypatch, files, weights):
    others = ["config.json", "vocab.txt", "1_Pooling/config.json", "tokenizer.json"]

    def snapshot_download(name, allow_patterns):
        for file in [*files, *others]:
            if any(fnmatch.fnmatch(file, pattern) for pattern in allow_patterns):
                (tmp_path / file).parent.mkdir(exist_ok=True)
                (tmp_path / file).touch()
        return str(tmp_path)

    hub = types.ModuleType("huggingface_hub")
    siblings = [types.SimpleNamespace(rfilename=file) for file in (*files, *others)]
    info = types.SimpleNamespace(siblings=siblings)
    hub.HfApi = lambda: types.SimpleNamespace(model_info=lambda name, timeout: {"owner/name": info}[name])
    hub.snapshot_download = snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert preset_folder("hf://owner/name") == tmp_path
    fetched = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert fetched == {*others, *(files if weights is None else weights)}


def test_without_a_connection_what_was_fetched_serves(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise RuntimeError("Name or service not known")  # as of the HTTP library, no OSError

    hub = types.ModuleType("huggingface_hub")
    hub.HfApi = lambda: types.SimpleNamespace(model_info=offline)
    hub.snapshot_download = lambda name, local_files_only: str(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert preset_folder("hf://owner/name") == tmp_path
    hub.snapshot_download = offline
    with pytest.raises(OSError, match=r"hf://owner/name.*RuntimeError: Name or service not known"):
        preset_folder("hf://owner/name")


def test_without_the_hub_package_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasbert\[hub\]'"):
        preset_folder("hf://owner/name")
