import pytest

from kerasbert import export

pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")


# Blocks of 64 numbers are for wider models.
@pytest.fixture(scope="session", params=[name for name in export.RECIPES if "b64" not in name])
def tflite(request, trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("tflite") / f"{request.param}.tflite"
    calibration = ["good film", "bad film", "what a good film!", "very bad."]
    calibration = calibration if export.RECIPES[request.param].calibrated else None
    return export.to_tflite(trained, path, request.param, calibration=calibration)
