import sys
import types

import pytest

from kerasbert.checkpoints import preset_folder


def test_a_local_folder_is_itself(tmp_path):
    assert preset_folder(str(tmp_path)) == tmp_path


def test_a_missing_folder_says_how_to_name_a_hub(tmp_path):
    with pytest.raises(FileNotFoundError, match="write hf://owner/name"):
        preset_folder(tmp_path / "absent")


def test_a_hub_name_is_fetched_without_other_formats_weights(tmp_path, monkeypatch):
    asked = {}

    def snapshot_download(name, **options):
        asked.update(options, name=name)
        return str(tmp_path)

    hub = types.ModuleType("huggingface_hub")
    hub.snapshot_download = snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert preset_folder("hf://owner/name") == tmp_path
    assert asked["name"] == "owner/name"
    assert "model.safetensors" in asked["allow_patterns"]
    assert not any(pattern.endswith((".onnx", ".h5")) for pattern in asked["allow_patterns"])


def test_without_the_hub_package_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasbert\[hub\]'"):
        preset_folder("hf://owner/name")
