"""Other packages add operators, edits, sources and codecs by naming a module as an entry point."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from studio import bends, edits, ops
from studio.errors import StudioError
from studio.io import sources
from studio.model.bends.bend import Bend
from studio.model.declared import plugins, registry
from studio.model.filters.edit import Edit, Kernels, Mask
from studio.model.networks.op import Op
from studio.ops import operator


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    plugins.forget()
    yield
    plugins.forget()


class Point:
    def __init__(self, name: str, module: types.ModuleType | Exception) -> None:
        self.name, self.value, self._module = name, f"{name}.module", module
        self.loads = 0

    def load(self) -> types.ModuleType:
        self.loads += 1
        if isinstance(self._module, Exception):
            raise self._module
        return self._module


def plugged(monkeypatch: pytest.MonkeyPatch, group: str, point: Point) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == wanted else [])
    wanted = group


def module(**names: object) -> types.ModuleType:
    made = types.ModuleType("other.module")
    for name, value in names.items():
        if isinstance(value, type):
            value.__module__ = made.__name__
        setattr(made, name, value)
    return made


def test_a_plug_in_adds_an_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    class Halve(Edit):
        label = "Halve"

        def change(self, kernels: Kernels, selected: Mask) -> Kernels:
            del selected
            return kernels / 2

    plugged(monkeypatch, "studio.edits", Point("halving", module(Halve=Halve)))
    found = registry.scan(Edit, edits.__name__, edits.__path__)
    assert found["Halve"] is Halve
    assert "Gain" in found


def test_a_plug_in_adds_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = types.SimpleNamespace(name="stars", order=1, match=lambda _: False, open=None)
    plugged(monkeypatch, "studio.sources", Point("stars", module(KIND=kind)))
    assert kind in sources.kinds()


def test_a_plug_in_that_takes_a_name_in_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gain(Edit):
        label = "Another gain"

    plugged(monkeypatch, "studio.edits", Point("second", module(Gain=Gain)))
    found = registry.scan(Edit, edits.__name__, edits.__path__)
    assert found["Gain"].__module__ == "studio.edits.gain"
    said = 'The plug-in "second" (second.module) defines "Gain", as studio.edits.gain does; it is left out.'
    assert plugins.problems() == (said,)


def test_a_plug_in_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Point("stars", ZeroDivisionError("division by zero"))
    plugged(monkeypatch, "studio.sources", point)
    before = len(sources.kinds())
    assert before == len(sources.kinds())
    said = '"stars" (stars.module) cannot be loaded: ZeroDivisionError: division by zero; update or uninstall it.'
    assert plugins.problems() == (f"The plug-in {said}",)
    assert point.loads == 1


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"negative_slope": 1e39}, "float32"),
        ({"negative_slope": -1e300}, "float32"),
        ({"negative_slope": float("inf")}, "finite"),
    ],
)
def test_what_float32_does_not_hold_is_no_parameter(parameters: dict[str, float], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        operator("LeakyReLU").model_validate(parameters)
    with pytest.raises(ValidationError, match="32 bits"):
        operator("Conv2d").model_validate({"in_channels": 3, "out_channels": 1 << 40, "kernel_size": 1})


@pytest.mark.parametrize(("base", "package"), [(Op, ops), (Bend, bends), (Edit, edits)])
def test_each_is_found_by_name_where_scanning_finds_it(base: type[Any], package: types.ModuleType) -> None:
    for name, kind in package.registry().items():
        # Were it looked up among all, there would be none.
        assert registry.lookup(base, package.__name__, package.__path__, name, dict, "thing") is kind


def test_one_operator_is_found_without_importing_the_others() -> None:
    """Networks are read before the window is there, and there are dozens of files of operators."""
    code = "import sys; from studio.ops import operator; operator('Conv2d'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "studio.ops.conv" in ran.stdout.split()
    assert "studio.ops.pool" not in ran.stdout.split()


def test_what_a_name_does_not_say_is_looked_up_among_all() -> None:
    with pytest.raises(StudioError, match=r'There is no operator "Convolution"; there are .*Conv2d'):
        ops.operator("Convolution")
    with pytest.raises(StudioError, match='There is no operator "Op"'):
        ops.operator("Op")
