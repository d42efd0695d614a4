"""Files that are no model, or one that the studio does not read: what they are, and the way on."""

from __future__ import annotations

import re
from pathlib import Path

from studio.errors import StudioError
from studio.io.folders import is_file, is_folder, open_regular

_LOOKED_AT = 2**16
_LUA = (b"\x04\x00\x00\x00\x01\x00\x00\x00", b"4\n1\n")
_NVIDIA = re.compile(rb"torch_utils\.persistence|dnnlib\.tflib|training\.networks_stylegan")
_TO_ONNX = "tf2onnx makes an ONNX model of it, which opens: python -m tf2onnx.convert"

_BY_SUFFIX = {
    ".pb": f"this is a graph of TensorFlow; {_TO_ONNX} --graphdef {{name}} --inputs x:0 --outputs y:0 --output m.onnx",
    ".meta": f"this is a checkpoint of TensorFlow 1; {_TO_ONNX} --checkpoint {{name}} --inputs x:0 --outputs y:0",
    ".index": "this is a checkpoint of TensorFlow, of which only its code knows the layers; load it there, and save "
    "the model: model.save('x.keras')",
    ".caffemodel": "this is a model of Caffe; caffe2onnx makes an ONNX model of it and its .prototxt, which opens",
    ".prototxt": "these are the layers of a model of Caffe; caffe2onnx makes an ONNX model of them and its .caffemodel",
    ".mlmodel": "this is a model of Core ML; open the model that it was converted from",
    ".mlpackage": "this is a model of Core ML; open the model that it was converted from",
    ".pdmodel": "this is a model of PaddlePaddle; paddle2onnx makes an ONNX model of it, which opens",
    ".pdparams": "these are weights of PaddlePaddle; paddle2onnx makes an ONNX model of the model, which opens",
    ".params": "these are weights of MXNet; mxnet.onnx.export_model makes an ONNX model of them and their .json",
    ".engine": "this is a plan of TensorRT, made for one kind of GPU; open the ONNX model that it was built from",
    ".trt": "this is a plan of TensorRT, made for one kind of GPU; open the ONNX model that it was built from",
    ".mnn": "this is a model of MNN; open the model that it was converted from",
    ".gguf": "this is a language model; the studio opens networks of pictures",
    ".npz": "this is a zip of .npy files; unzip it into a folder, and import that",
    ".mat": "these are arrays of MATLAB; save them as .npy, and import their folder",
    ".zip": "this is an archive; unpack it, and import what is in it",
    ".gz": "this is an archive; unpack it, and import what is in it",
    ".tgz": "this is an archive; unpack it, and import what is in it",
    ".7z": "this is an archive; unpack it, and import what is in it",
    ".rar": "this is an archive; unpack it, and import what is in it",
}

SUFFIXES = tuple(_BY_SUFFIX)
"""Of files that are told rather than opened."""


def refuse_foreign(path: Path) -> None:
    """Raise StudioError, saying what it is and the way on, where a file or folder is known not to be readable."""
    if is_folder(path):
        if is_file(path / "saved_model.pb"):
            raise StudioError(
                f"{path}: this is a SavedModel of TensorFlow; {_TO_ONNX} --saved-model {path.name} --output m.onnx; "
                "or, where it is of Keras, save it as .keras."
            )
        return
    if is_file(path) and (told := _told(path)):
        raise StudioError(f"{path}: {told}.")


def _told(path: Path) -> str:
    with open_regular(path) as (file, size):
        begins = file.read(_LOOKED_AT)
    text = begins[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if size == 0:
        return "the file is empty; fetch it anew"
    if text.startswith(b"version https://git-lfs"):
        return 'this is a pointer of Git LFS, not the file itself; "git lfs pull" in its repository fetches that'
    if text.startswith((b"<!doctype html", b"<html")):
        return (
            "this is a web page, saved in place of the file (a sign-in, a warning or a quota); open its address in a "
            "browser, and download the file from there"
        )
    if text.startswith(b"<?xml") and b"<error>" in text:
        return "this is a server's refusal, saved in place of the file; fetch it anew"
    if begins[4:8] == b"TFL3":
        return f"this is a model of TensorFlow Lite; {_TO_ONNX} --tflite {path.name} --output m.onnx"
    if begins.startswith(_LUA) and path.suffix.lower() not in (".onnx", ".npy"):
        return (
            "this is a file of Torch7 (Lua), the forerunner of PyTorch; look for the same network as .pth or .onnx, or "
            "load it with the Python package torchfile and save its weights as .npy"
        )
    if begins.startswith(b"\x80") and _NVIDIA.search(begins):
        return (
            "this is a pickle of NVIDIA's StyleGAN, which carries Python code and is never opened; in its repository, "
            "load it with legacy.load_network_pkl and give its generator to studio.export_torch"
        )
    if text.startswith(b"7767517"):
        return "these are the layers of a model of NCNN; open the model that it was converted from"
    found = _BY_SUFFIX.get(path.suffix.lower()) or (".index" if ".data-0000" in path.name else "")
    return _BY_SUFFIX.get(found, found).format(name=path.name)
