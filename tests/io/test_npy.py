from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.npy import encode_npy, read_npy, write_npy

ODD = np.array([[-0.0, 1e-45, -1e-40], [3.4e38, -3.4e38, 0.1]], np.float32)

# The folder is the same for all examples of one test; each overwrites the file.
fuzz = settings(max_examples=200, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def npy(array: NDArray[np.generic], version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def header(text: str, version: int = 1) -> bytes:
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode()


@given(arrays(np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(width=32, allow_nan=False)))
@fuzz
def test_round_trip_is_bit_exact(tmp_path: Path, array: NDArray[np.float32]) -> None:
    path = tmp_path / "a.npy"
    if not np.isfinite(array).all():
        with pytest.raises(StudioError, match="NaN or infinite"):
            write_npy(path, array)
        return
    write_npy(path, array)
    back = read_npy(path, array.shape)
    assert back.dtype == np.float32
    assert back.flags.c_contiguous
    assert back.flags.writeable
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize("array", [ODD, ODD.T, np.float32(1.5).reshape(()), np.zeros((512, 512, 1, 1), np.float32)])
def test_what_is_written_is_the_narrowest_form(array: NDArray[np.float32], tmp_path: Path) -> None:
    write_npy(tmp_path / "a.npy", array)
    data = (tmp_path / "a.npy").read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00"
    assert data[9] == 0, "the header's length fits one byte"
    head = data[10 : 10 + data[8]].decode()
    assert "'descr': '<f4'" in head
    assert "'fortran_order': False" in head
    assert (10 + data[8]) % 4 == 0, "a Float32Array may begin there"
    assert np.array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), array)


def test_the_longest_header_fits_one_byte() -> None:
    assert encode_npy(np.broadcast_to(np.float32(1), (1, 1, 1, 10**6, 1, 1, 1, 1)), "a")[9] == 0


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_other_floats_and_orders_are_converted(
    dtype: str, order: str, version: tuple[int, int], tmp_path: Path
) -> None:
    array = np.array([[1, 2.5, -3], [0, 5, 6]], np.dtype(dtype), order=order)  # type: ignore[call-overload]
    (tmp_path / "a.npy").write_bytes(npy(array, version))
    back = read_npy(tmp_path / "a.npy")
    assert back.dtype == np.dtype("<f4")
    assert back.flags.c_contiguous
    assert back.tolist() == [[1, 2.5, -3], [0, 5, 6]]


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.arange(3), "int64 values; save it as float32"),
        (np.array([True]), "bool values"),
        (np.array([1j]), "complex128 values"),
        (np.array(["a"]), "str32 values"),
        (np.zeros(2, [("a", "<f4")]), "records"),
        (np.array(["2000-01-01"], "M8[s]"), "datetime64"),
    ],
)
def test_other_types_are_named(array: NDArray[np.generic], what: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(array))
    with pytest.raises(StudioError, match=f"a.npy: the array holds {what}"):
        read_npy(tmp_path / "a.npy")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([Bomb()], object), allow_pickle=True)
    with pytest.raises(StudioError, match="Python objects, which are never read"):
        read_npy(tmp_path / "a.npy")
    assert not Bomb.went_off


class Bomb:
    went_off = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return setattr, (Bomb, "went_off", True)


def test_shapes_that_differ_are_both_named(tmp_path: Path) -> None:
    write_npy(tmp_path / "a.npy", ODD)
    with pytest.raises(StudioError, match=r"a\.npy: the array has shape \(2, 3\), but \(3, 2\) is needed"):
        read_npy(tmp_path / "a.npy", (3, 2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted(value: float, tmp_path: Path) -> None:
    array = ODD.copy()
    array[0, :2] = value
    (tmp_path / "a.npy").write_bytes(npy(array))
    with pytest.raises(StudioError, match=r"a\.npy: 2 of 6 values are NaN or infinite as float32"):
        read_npy(tmp_path / "a.npy")
    with pytest.raises(StudioError, match="2 of 6 values"):
        write_npy(tmp_path / "b.npy", array)
    assert not (tmp_path / "b.npy").exists()


def test_a_double_beyond_float32_is_infinite(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(np.array([1e300, 1.0])))
    with pytest.raises(StudioError, match="1 of 2 values"):
        read_npy(tmp_path / "a.npy")


def test_cut_short_and_too_long(tmp_path: Path) -> None:
    path, data = tmp_path / "a.npy", encode_npy(ODD, "a")
    path.write_bytes(data[:-1])
    with pytest.raises(StudioError, match="cut short: 23 bytes of data where its header says 24"):
        read_npy(path)
    path.write_bytes(data + b"xy")
    with pytest.raises(StudioError, match="2 bytes follow the array"):
        read_npy(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x03\x00",
        b"PK\x03\x04" + bytes(100),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", 1) + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 999999999, 999999)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 900 + ",)}") + bytes(4),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (0, " + "9" * 400 + ")}") + bytes(4),
        header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,)}") + bytes(4),
        header("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,)}") + bytes(8),
        header("{'descr': [], 'fortran_order': False, 'shape': (1,)}") + bytes(8),
        header("{'descr': '|V0', 'fortran_order': False, 'shape': (1,)}") + bytes(8),
        header("(" * 1000) + bytes(4),
        header("-" * 1000 + "1") + bytes(4),
        header("'\\d'") + bytes(4),
        header("1L") + bytes(4),
        header(" " * 2000) + bytes(4),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(4),
    ],
)
def test_damaged_headers(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(StudioError, match=r"a\.npy"):
        read_npy(tmp_path / "a.npy")


def test_a_claim_of_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    claims = [
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}") + bytes(64),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 5000,
    ]
    for data in claims:
        path.write_bytes(data)
        tracemalloc.start()
        with pytest.raises(StudioError):
            read_npy(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
        tracemalloc.stop()


@given(st.binary(max_size=300))
@fuzz
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    _readable_or_not(tmp_path / "a.npy", data)
    _readable_or_not(tmp_path / "a.npy", b"\x93NUMPY\x01\x00" + data)


@given(st.text("{}()[]',:<>|0123456789fFiuOVTrueFalsedescrshape_ \\-+LNone", max_size=200), st.sampled_from([1, 2]))
@fuzz
def test_any_header(tmp_path: Path, text: str, version: int) -> None:
    _readable_or_not(tmp_path / "a.npy", header(text, version) + bytes(8))


@given(st.data())
@fuzz
def test_mutations_of_a_valid_file(tmp_path: Path, data: st.DataObject) -> None:
    mutated = bytearray(encode_npy(ODD, "a"))
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    _readable_or_not(tmp_path / "a.npy", bytes(mutated))


def test_every_truncation_of_a_valid_file(tmp_path: Path) -> None:
    whole = encode_npy(ODD, "a")
    for length in range(len(whole)):
        (tmp_path / "a.npy").write_bytes(whole[:length])
        with pytest.raises(StudioError):
            read_npy(tmp_path / "a.npy")


def _readable_or_not(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        array = read_npy(path)
    except StudioError as error:
        message = str(error)
        assert "a.npy" in message
    else:
        assert array.dtype == np.float32
        assert array.nbytes <= len(data) * 2
        assert np.isfinite(array).all()


def test_missing_files_folders_and_pipes(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="does not exist"):
        read_npy(tmp_path / "a.npy")
    with pytest.raises(StudioError, match="a folder or a device"):
        read_npy(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npy")
        with pytest.raises(StudioError, match="a folder or a device"):
            read_npy(tmp_path / "pipe.npy")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_npy(tmp_path / "a.npy", ODD)
    with pytest.raises(StudioError):
        write_npy(tmp_path / "a.npy", ODD * np.float32(np.nan))
    with pytest.raises(StudioError, match="does not exist"):
        write_npy(tmp_path / "missing" / "a.npy", ODD)
    assert read_npy(tmp_path / "a.npy").tobytes() == ODD.tobytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros(3, np.int32), np.zeros((1,) * 9, np.float32)])
def test_writing_something_else_is_a_defect(array: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="is no tensor of the studio"):
        encode_npy(array, "a")  # type: ignore[arg-type]
