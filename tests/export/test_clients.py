"""The client for Python on a device; tests/conformance/test_texts_in_files.py has its answers."""

import importlib.util
import pathlib

CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"


def test_places_in_utf16():
    spec = importlib.util.spec_from_file_location("device", CLIENTS / "python" / "kerasbert_device.py")
    device = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(device)
    text = "a😀b電\ud800𝒳c"
    for place in range(len(text) + 1):
        units = text[:place].encode("utf-16-le", "surrogatepass")
        assert device.utf16_place(text, place) == len(units) // 2
