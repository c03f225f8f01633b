"""What an export returns."""

from kerasbert.export import Artifact


def test_an_artifact_says_in_a_line_what_it_is(tmp_path):
    path = tmp_path / "film.tflite"
    path.write_bytes(bytes(1_234_567))
    signatures = {"classify": {"inputs": ["token_ids"], "outputs": ["probabilities"]}}
    artifact = Artifact.of(
        path, "tflite", signatures=signatures, recipe="float32", partitions=1, ops={"ADD": 46}
    )
    said = f"Artifact({str(path)!r}, tflite, 1.2 MB, recipe='float32', partitions=1, signatures=['classify'])"
    assert repr(artifact) == said
