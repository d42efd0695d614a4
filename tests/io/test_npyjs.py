"""The files we ship and write, read by npyjs itself.

Two versions: today's, and the last that read the header's length as one byte, as the WebGL CNN's own loader does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio import paths
from studio.io.npy import encode_npy, write_npy

HERE = Path(__file__).parents[1] / "npyjs"
VERSIONS = pytest.mark.parametrize("version", ["npyjs", "npyjs-one-byte"])
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "network")


@pytest.fixture(scope="module")
def npyjs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which npyjs is installed, as its lock file says."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("npyjs")
    for name in ("package.json", "package-lock.json", "read.mjs"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        pytest.skip("the npm registry cannot be reached")
    assert done.returncode == 0, done.stderr
    return folder


def read(folder: Path, version: str, files: list[Path]) -> dict[str, Any]:
    command = ["node", "read.mjs", version]
    names = "\n".join(str(file) for file in files)
    done = subprocess.run(
        command, cwd=folder, input=names, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_agrees_with_numpy(found: dict[str, Any], files: list[Path]) -> None:
    assert len(found) == len(files)
    for file in files:
        array = np.load(file, allow_pickle=False)
        assert array.dtype == np.dtype("<f4"), file
        expected = {
            "shape": list(array.shape),
            "kind": "Float32Array",
            "sha256": hashlib.sha256(np.ascontiguousarray(array)).hexdigest(),
        }
        assert found[str(file)] == expected, file


@pytest.mark.long
@VERSIONS
def test_every_shipped_tensor(npyjs: Path, version: str) -> None:
    files = sorted([*paths.WEIGHTS.rglob("*.npy"), *paths.PRESETS.rglob("*.npy")])
    if not files:
        pytest.skip("neither weights/ nor presets/ holds a tensor")
    assert_agrees_with_numpy(read(npyjs, version, files), files)


@VERSIONS
def test_what_we_write(npyjs: Path, version: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = [
        np.array([-1.5, -0.0, 1e-45, -1e-40, 3.4028235e38, 0.1], np.float32),
        rng.standard_normal((8, 3, 4, 4)).astype(np.float32),
        rng.standard_normal((3, 8, 4, 4)).astype(np.float32).transpose(1, 0, 3, 2),
        np.zeros((512, 256, 1, 1), np.float32),
        np.ones(1, np.float32),
        np.ones((2, 5), np.float32),
    ]
    files = [tmp_path / f"{number}.npy" for number in range(len(arrays))]
    for file, array in zip(files, arrays, strict=True):
        write_npy(file, array)
    assert_agrees_with_numpy(read(npyjs, version, files), files)


def test_a_header_of_256_bytes_would_not_be_read_by_all(npyjs: Path, tmp_path: Path) -> None:
    data = encode_npy(np.ones(4, np.float32), "ones")
    head, values = data[10:-16].decode().rstrip(), data[-16:]
    (tmp_path / "long.npy").write_bytes(
        data[:8] + (310).to_bytes(2, "little") + head.ljust(309).encode() + b"\n" + values
    )
    assert_agrees_with_numpy(read(npyjs, "npyjs", [tmp_path / "long.npy"]), [tmp_path / "long.npy"])
    with pytest.raises(AssertionError, match="Error"):
        read(npyjs, "npyjs-one-byte", [tmp_path / "long.npy"])
