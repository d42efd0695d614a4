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


def test_a_saved_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(StudioError, match="--saved-model"):
        open_model(tmp_path)
