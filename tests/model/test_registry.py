"""Other packages add operators, edits, sources and codecs by naming a module as an entry point."""

from __future__ import annotations

import types
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from studio import edits
from studio.io import sources
from studio.model import plugins, registry
from studio.model.edit import Edit, Kernels, Mask
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
