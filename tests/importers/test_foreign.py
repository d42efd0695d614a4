"""Files of other programs, and what is no model at all: told for what they are, with the way on."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.io.importers import open_model

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
PAGE = b"\xef\xbb\xbf\n  <!DOCTYPE html><html><body>Virus scan warning</body></html>"

FILES = {
    "lfs.pth": (LFS, "pointer of Git LFS"),
    "lfs.onnx": (LFS, "pointer of Git LFS"),
    "lfs.keras": (LFS, "pointer of Git LFS"),
    "page.pth": (PAGE, "web page"),
    "page.safetensors": (PAGE, "web page"),
    "refusal.h5": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "server's refusal"),
    "nothing.pt": (b"", "empty"),
    "candy.t7": (b"\4\0\0\0\1\0\0\0" + bytes(99), "Torch7"),
    "candy.model": (b"4\n1\n3\nV 1\n", "Torch7"),
    "gan.pkl": (b"\x80\x04\x95ctorch_utils.persistence\n_reconstruct", "StyleGAN"),
    "m.tflite": (b"\x1c\0\0\0TFL3" + bytes(30), "--tflite m.tflite"),
    "frozen.pb": (b"\x0a\x20abc", "--graphdef frozen.pb"),
    "model.ckpt.index": (bytes(99), "checkpoint of TensorFlow"),
    "model.ckpt.data-00000-of-00001": (bytes(99), "checkpoint of TensorFlow"),
    "vgg.caffemodel": (b"\x0a\x03VGG", "caffe2onnx"),
    "w.npz": (b"PK\3\4" + bytes(99), "unzip"),
    "net.param": (b"7767517\n3 3\n", "NCNN"),
    "m.engine": (bytes(99), "TensorRT"),
    "checkpoint": (b'model_checkpoint_path: "model.ckpt-7"\n', "names a checkpoint of TensorFlow"),
    "model.xml": (b'<?xml version="1.0"?>\n<net name="x" version="11">\n', "OpenVINO"),
    "yolo.weights": (bytes(4) + b"\2\0\0\0" + bytes(99), "Darknet"),
    "yolo.cfg": (b"[net]\nbatch=1\n", "Darknet"),
    "m.gguf": (b"GGUF\3\0\0\0", "llama.cpp"),
    "flux.model": (b"GGUF\3\0\0\0", "llama.cpp"),
    "net-symbol.json": (b'{"nodes": [], "arg_nodes": [0], "heads": []}', "MXNet"),
    "flax.msgpack": (b"\x81\xa6params", "JAX"),
    "net.py": (b"import torch\n", "studio.export_torch"),
    "m.ort": (bytes(99), "ONNX Runtime"),
    "none.safetensors": (b"\2\0\0\0\0\0\0\0{}", "holds no tensors"),
    "broken.h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "damaged"),
    "broken.keras": (b"PK\3\4" + bytes(99), "damaged"),
    "other.keras": (b"hello", "no file of Keras"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_told_what_a_file_is(name: str, tmp_path: Path) -> None:
    data, words = FILES[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StudioError, match=words) as told:
        open_model(tmp_path / name)
    assert str(told.value).startswith(str(tmp_path / name))
    assert "pickle" not in str(told.value) or name.endswith(".pkl")


@pytest.mark.parametrize(
    ("beside", "words"), [("net.param", "weights of a model of NCNN"), ("net.xml", "model of OpenVINO")]
)
def test_weights_are_known_by_what_lies_beside_them(beside: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(bytes(range(99)))
    (tmp_path / beside).write_bytes(b"7767517\n")
    with pytest.raises(StudioError, match=words):
        open_model(tmp_path / "net.bin")


@pytest.mark.parametrize(
    ("name", "inside", "words"),
    [("m.mlpackage", "Manifest.json", "Core ML"), ("m.mlmodelc", "model.mil", "Core ML"), ("step", "_METADATA", "JAX")],
)
def test_folders_of_other_programs_are_told(name: str, inside: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / inside).write_bytes(b"{}")
    with pytest.raises(StudioError, match=words):
        open_model(tmp_path / name)


def test_a_saved_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(StudioError, match="--saved-model"):
        open_model(tmp_path)
