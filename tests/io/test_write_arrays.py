"""Arrays are written piece by piece as safetensors' own library reads them, and as ours does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load
from safetensors.torch import save

from studio.io.safetensors_file import encode_tensors, read_tensors, write_arrays
from studio.io.stored import DTYPES, Stored, to_torch

NAMES = st.text(max_size=8).filter(lambda name: name != "__metadata__")
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
KINDS = st.sampled_from(["<f4", "<f8", "<f2", "<i8", "<i4", "u1", "?"])


@given(st.dictionaries(NAMES, st.tuples(SHAPES, KINDS)))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, tuple[tuple, str]]
) -> None:
    rng = np.random.default_rng(len(wanted))
    arrays = {name: np.asarray(rng.integers(0, 2, shape), np.dtype(kind)) for name, (shape, kind) in wanted.items()}
    path = tmp_path_factory.mktemp("arrays") / "made.safetensors"
    write_arrays(path, arrays)
    for read in (load(path.read_bytes()), {name: each.values for name, each in read_tensors(path, 2**20).items()}):
        assert read.keys() == arrays.keys()
        for name, values in arrays.items():
            assert (read[name].dtype, read[name].shape) == (values.dtype, values.shape)
            np.testing.assert_array_equal(read[name], values)


@given(
    # Of nothing at all the library makes a file that it cannot read itself.
    st.dictionaries(NAMES, st.tuples(SHAPES, st.sampled_from(list(DTYPES))), min_size=1),
    st.none() | st.dictionaries(st.text(max_size=8), st.text(max_size=8)),
)
def test_bytes_are_the_librarys_with_remarks_in_their_order(
    wanted: dict[str, tuple[tuple, str]], remarks: dict[str, str] | None
) -> None:
    rng = np.random.default_rng(len(wanted))
    tensors = {
        name: Stored(kind, np.asarray(rng.integers(0, 2, shape), np.dtype(DTYPES[kind])))
        for name, (shape, kind) in wanted.items()
    }
    theirs = save({name: to_torch(tensor) for name, tensor in tensors.items()}, dict(remarks or {}))
    length = int.from_bytes(theirs[:8], "little")
    header = json.loads(theirs[8 : 8 + length])
    assert list(header) == ["__metadata__", *(name for name in header if name != "__metadata__")]
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    written = encode_tensors(tensors, remarks)
    assert written == len(text).to_bytes(8, "little") + text + theirs[8 + length :]


def test_views_are_written_as_they_are_seen_and_numbers_stand_where_they_are_read_at_once(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    arrays = {"a": np.frombuffer(b"odd", np.uint8), "b": whole[:, ::2], "c": whole.T}
    write_arrays(tmp_path / "made", arrays)
    read = read_tensors(tmp_path / "made", 2**20)
    np.testing.assert_array_equal(read["b"].values, arrays["b"])
    np.testing.assert_array_equal(read["c"].values, arrays["c"])
    assert all(read[name].values.flags.aligned for name in arrays)


def test_a_file_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_arrays(path, {"a": np.zeros(3, np.float32)}, overwrite=False)
    assert path.read_bytes() == b"mine"
    write_arrays(path, {"a": np.zeros(3, np.float32)})
    assert read_tensors(path, 2**20).keys() == {"a"}
