import pytest

from kerasbert import export

pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")


@pytest.fixture(scope="session")
def saved_model(trained, tmp_path_factory):
    return export.to_saved_model(trained, tmp_path_factory.mktemp("saved_model") / "film" / "1")


@pytest.fixture(scope="session", params=export.RECIPES)
def tflite(request, trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("tflite") / f"{request.param}.tflite"
    return export.to_tflite(trained, path, request.param)


@pytest.fixture(scope="session")
def int8(trained, tmp_path_factory):
    return export.to_tflite(trained, tmp_path_factory.mktemp("int8") / "film.tflite")
