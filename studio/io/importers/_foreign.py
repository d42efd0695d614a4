"""Files that are no model, or one that the studio does not read: what they are, and the way on."""

from __future__ import annotations

import re
from pathlib import Path

from studio.errors import StudioError
from studio.io.folders import is_file, is_folder, open_regular

_LOOKED_AT = 2**16
_MOST_PARTS = 64
_LFS = b"version https://git-lfs"
_POINTER = 'this is a pointer of Git LFS, not the file itself; "git lfs pull" in its repository fetches that'
_NODE = re.compile(rb"\x12.(Placeholder|Const|VariableV2|Conv2D)")
_LUA = (b"\x04\x00\x00\x00\x01\x00\x00\x00", b"4\n1\n")
_NVIDIA = re.compile(rb"torch_utils\.persistence|dnnlib\.tflib|training\.networks_stylegan")
_TO_ONNX = "tf2onnx makes an ONNX model of it, which opens: python -m tf2onnx.convert"

_GGUF = "this is a model of llama.cpp or a program of its kind; look for the same network as .safetensors or .onnx"

_PYTHON = "this is Python code, which is never run here; give the module that it makes to studio.export_torch in Python"

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
    ".ort": "this is a model in ONNX Runtime's own form; open the .onnx that it was made from",
    ".dlc": "this is a model made for one kind of chip; open the model that it was converted from",
    ".rknn": "this is a model made for one kind of chip; open the model that it was converted from",
    ".hef": "this is a model made for one kind of chip; open the model that it was converted from",
    ".nnef": "this is a model of NNEF; open the model that it was converted from",
    ".msgpack": "these are weights of JAX (Flax), of which only its code knows the layers; jax2onnx makes an ONNX "
    "model of the model there, which opens",
    ".gguf": _GGUF,
    ".ggml": _GGUF,
    ".py": _PYTHON,
    ".ipynb": _PYTHON,
    ".npz": "this is a zip of .npy files; unzip it into a folder, and import that",
    ".mat": "these are arrays of MATLAB; save them as .npy, and import their folder",
    ".zip": "this is an archive; unpack it, and import what is in it",
    ".gz": "this is an archive; unpack it, and import what is in it",
    ".tgz": "this is an archive; unpack it, and import what is in it",
    ".7z": "this is an archive; unpack it, and import what is in it",
    ".rar": "this is an archive; unpack it, and import what is in it",
}

_DARKNET = "this is a network of Darknet (YOLO); look for the same one as .pt or .onnx"
_OPENVINO = "this is a model of OpenVINO; open the model that it was converted from"
_NCNN = "of a model of NCNN; open the model that it was converted from"
_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"7767517", f"these are the layers {_NCNN}"),
    (b"[net]", _DARKNET),
    (b"[network]", _DARKNET),
    (
        b"model_checkpoint_path:",
        "this names a checkpoint of TensorFlow, of which only its code knows the layers; load it "
        "there, and save the model: model.save('x.keras')",
    ),
    (b"gguf", _BY_SUFFIX[".gguf"]),
)
"""By what a file begins with, in lower case."""

_FOLDERS = {
    "saved_model.pb": f"this is a SavedModel of TensorFlow; {_TO_ONNX} --saved-model {{name}} --output m.onnx; or, "
    "where it is of Keras, save it as .keras",
    "model.mil": _BY_SUFFIX[".mlpackage"],
    "_METADATA": _BY_SUFFIX[".msgpack"],
    "_CHECKPOINT_METADATA": _BY_SUFFIX[".msgpack"],
}
"""By a file that lies in them."""

SUFFIXES = tuple(_BY_SUFFIX)
"""Of files that are told rather than opened."""


def refuse_foreign(path: Path, *, known: bool = False) -> None:
    """Raise StudioError, saying what it is and the way on, where a file or folder is known not to be readable.

    Of what is ``known`` to be a model only its parts are looked at.
    """
    if (pointer := _pointer_within(path)) is not None:
        raise StudioError(f"{pointer}: {_POINTER}.")
    if known:
        return
    if is_folder(path):
        told = next(
            (told for name, told in _FOLDERS.items() if is_file(path / name)), _BY_SUFFIX.get(path.suffix.lower())
        )
        if told:
            raise StudioError(f"{path}: {told.format(name=path.name)}.")
        return
    if is_file(path) and (told := _told(path)):
        raise StudioError(f"{path}: {told}.")


def _pointer_within(path: Path) -> Path | None:
    """A part of a model that is a pointer of Git LFS: weights in its folder, or beside its description."""
    if is_folder(path):
        parts = [*path.glob("*.npy"), *path.glob("*.bin")]
    elif path.suffix.lower() == ".json":
        parts = [*path.parent.glob("*.bin")]
    else:
        parts = [path.with_name(f"{path.name}{end}") for end in ("_data", ".data")]
    for part in sorted(parts)[:_MOST_PARTS]:
        if is_file(part):
            with open_regular(part) as (file, _):
                if file.read(len(_LFS)) == _LFS:
                    return part
    return None


def _told(path: Path) -> str:
    with open_regular(path) as (file, size):
        begins = file.read(_LOOKED_AT)
    text = begins[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if size == 0:
        return "the file is empty; fetch it anew"
    if text.startswith(_LFS):
        return _POINTER
    if text.startswith((b"<!doctype html", b"<html")):
        return (
            "this is a web page, saved in place of the file (a sign-in, a warning or a quota); open its address in a "
            "browser, and download the file from there"
        )
    if text.startswith(b"<?xml") and b"<error>" in text:
        return "this is a server's refusal, saved in place of the file; fetch it anew"
    if begins.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or begins[8:12] == b"WEBP":
        return "this is a picture, not a network; open it as a source"
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
    if begins[:1] == b"\n" and _NODE.search(begins):
        return _BY_SUFFIX[".pb"].format(name=path.name)
    begun = next((told for start, told in _BEGINS if text.startswith(start)), "")
    return begun or _beside(path, begins, text) or _by_name(path)


def _beside(path: Path, begins: bytes, text: bytes) -> str:
    """What is known by a file beside it, or by numbers that it begins with."""
    suffix = path.suffix.lower()
    if b"<net " in text and suffix == ".xml":
        return _OPENVINO
    if suffix == ".bin" and is_file(path.parent / "model.json"):
        return "these are weights of TensorFlow.js; open the model.json beside them"
    if suffix == ".bin" and not begins.startswith((b"PK", b"\x80")):
        if is_file(path.with_suffix(".param")):
            return f"these are the weights {_NCNN}"
        return _OPENVINO if is_file(path.with_suffix(".xml")) else ""
    if suffix == ".weights" and begins[:4] == bytes(4) and begins[4:8] in (b"\1\0\0\0", b"\2\0\0\0"):
        return _DARKNET
    if suffix == ".json" and b'"arg_nodes"' in begins:
        return "these are the layers of a model of MXNet; mxnet.onnx.export_model makes an ONNX model of them"
    return ""


def _by_name(path: Path) -> str:
    if path.name == "saved_model.pb":
        return _FOLDERS[path.name].format(name=path.absolute().parent.name)
    found = _BY_SUFFIX.get(path.suffix.lower()) or (".index" if ".data-0000" in path.name else "")
    return _BY_SUFFIX.get(found, found).format(name=path.name)
