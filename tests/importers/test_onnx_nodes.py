"""ONNX's own tests of its operators, which nobody here wrote: each is right, or refused by name; none is wrong.

Taken are those of one float map in and one out, of one picture; what else an operator reads becomes a constant.
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from helpers import EngineFor, on_torch, relative_error
from onnx import numpy_helper

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.model.networks.shape import Array

REFUSED = {
    r"attention_(causal_boolmask|23_boolmask_fullymasked|4d_causal_nonpad_negative).*": "NaN or infinity",
    r"maxunpool.*": "MaxUnpool",
}
"""Names of tests that may be refused, and what the refusal then says; the first mask a whole row."""

LEAST = 145
"""How many must be right."""


@cache
def cases() -> dict[str, tuple[bytes, Array, Array, float]]:
    """Model, input, output and ONNX's own tolerance, by name."""
    from onnx.backend.test.case import node

    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = {case.name: case for case in reversed(node.collect_testcases())}
    for name, case in sorted(known.items()):
        ins, outs = case.data_sets[0]
        if len(case.model.graph.output) != 1 or len(ins) != len(case.model.graph.input) or not ins:
            continue
        if not all(_is_map(values) for values in (ins[0], *outs)):
            continue
        model = onnx.ModelProto.FromString(case.model.SerializeToString())
        for put, values in zip(list(model.graph.input)[1:], ins[1:], strict=True):
            model.graph.initializer.append(numpy_helper.from_array(values, put.name))
        del model.graph.input[1:]
        found[name.removeprefix("test_")] = (model.SerializeToString(), ins[0], outs[0], case.rtol)
    return found


def _is_map(values: object) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == np.float32 and values.ndim == 4 and len(values) == 1


def reason(name: str) -> str:
    return next((words for pattern, words in REFUSED.items() if re.fullmatch(pattern, name)), "")


RIGHT = [name for name in cases() if not reason(name)]


def test_enough_of_them_are_right() -> None:
    assert len(RIGHT) >= LEAST


def check(name: str, engine_for: EngineFor, folder: Path) -> None:
    model, values, wanted, tolerance = cases()[name]
    (folder / "model.onnx").write_bytes(model)
    try:
        network = open_model(folder / "model.onnx").network
    except StudioError as error:
        if reason(name) and re.search(reason(name), str(error)):
            return
        raise
    engine = engine_for(network)
    engine.run({network.graph.inputs[0].name: values[0]})
    found = engine.output().reshape(wanted[0].shape)
    engine.close()
    if relative_error(found, wanted[0]) >= 1e-5:
        # Some of the outputs are written down with four digits: then onnxruntime says the others.
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        (exact,) = session.run(None, {session.get_inputs()[0].name: values})
        np.testing.assert_allclose(exact, wanted, rtol=tolerance)
        assert relative_error(found, exact[0]) < 1e-5


@pytest.mark.parametrize("name", cases())
def test_it_is_right_on_torch_or_refused_by_name(name: str, tmp_path: Path) -> None:
    check(name, on_torch, tmp_path)


GLClass = type[GLEngine] | type[GLFragmentEngine]


@pytest.mark.parametrize("name", RIGHT[::5])
def test_one_in_five_is_right_on_opengl(name: str, gl_class: GLClass, device: Device, tmp_path: Path) -> None:
    check(name, lambda network: gl_class(network, device), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_each_is_right_on_opengl(name: str, gl_class: GLClass, device: Device, tmp_path: Path) -> None:
    check(name, lambda network: gl_class(network, device), tmp_path)
