"""Arrays are written piece by piece as safetensors' own library reads them, and as ours does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load

from studio.io.safetensors_file import read_tensors, write_arrays

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
KINDS = st.sampled_from(["<f4", "<f8", "<f2", "<i8", "<i4", "u1", "?"])


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"), st.tuples(SHAPES, KINDS)))
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
