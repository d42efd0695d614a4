"""A network whose output lies outside of the range that is shown: it is said, once, and where to choose another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import layer, tiny_network
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from running import Running
from whole_window import WholeWindow

from studio.engine.stats import Stats
from studio.io.networks import save_network
from studio.model.documents.document import Document
from studio.model.networks.graph import Graph
from studio.model.networks.preset import Preset
from studio.model.networks.values import Values
from studio.runtime.live.health import outside
from studio.runtime.live.report import Message, OutputValues, Report
from studio.ui.services import clipped
from studio.ui.services.clipped import Clipped

pytestmark = pytest.mark.usefixtures("qapp")


def stats(values: np.ndarray) -> Stats:
    histogram, _ = np.histogram(values, 64, (values.min(), values.max()))
    return Stats(float(values.min()), float(values.max()), float(values.mean()), 0, 0, histogram)


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [(0, 255, 0.95, 1.0), (0, 1, 0.0, 0.0), (-1, 1, 0.4, 0.6), (-2, 3, 0.7, 0.9), (2, 3, 1.0, 1.0), (-9, 0, 0.95, 1.0)],
)
def test_how_much_lies_outside_is_told_by_the_histogram(low: float, high: float, least: float, most: float) -> None:
    found = outside(stats(np.random.default_rng(0).uniform(low, high, 50_000)), 0.0, 1.0)
    assert least <= found <= most


def test_a_single_value_lies_inside_or_outside() -> None:
    for value, found in ((0.0, 0.0), (1.0, 0.0), (1.5, 1.0)):
        assert outside(stats(np.full(9, value)), 0.0, 1.0) == found
    assert outside(Stats(np.nan, np.nan, np.nan, 9, 0, np.zeros(64, np.int64)), 0.0, 1.0) == 0.0


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(clipped, "PATIENCE", 20)
    made = Running(tmp_path)
    made.document = Document(Preset("tiny", tiny_network(), {}))
    yield made
    made.close()


def heard(at: Running) -> list[str]:
    said: list[str] = []

    def say(message: Message) -> None:
        said.append(message.text)

    at.kept = Clipped(at.document, at.telemetry, say)  # type: ignore[attr-defined]
    return said


def measured(at: Running, share: float, graph: Graph | None = None) -> None:
    at.telemetry.take(Report([OutputValues(graph or at.document.graph, share, (-3.0, 251.5))]))


def test_it_is_said_once_of_a_network_that_stays_so(at: Running, qtbot: QtBot) -> None:
    said = heard(at)
    measured(at, 0.99)
    measured(at, 0.5)
    qtbot.wait(60)
    assert said == [], "a film may begin in black"
    for _ in range(2):
        measured(at, 0.99)
        qtbot.wait(60)
    assert said == [
        "The output's values, from -3 to 252, are not those that are shown black and white, 0 to 1: choose them in "
        "Layer > Picture values."
    ]
    # With another range that fits no better it is said of that.
    at.document.set_values(Values(output_range=(-1.0, 1.0)))
    measured(at, 0.99)
    qtbot.wait(60)
    assert "-1 to 1:" in said[1]


def test_of_a_network_that_is_bent_nothing_is_said(at: Running, qtbot: QtBot) -> None:
    said = heard(at)
    measured(at, 0.99)
    at.document.set_bypassed("act", True)
    qtbot.wait(60)
    assert said == []


# -- in the window ------------------------------------------------------------------------------------------------


@pytest.mark.gl
def test_in_the_window_it_is_said_and_mended(
    qtbot: QtBot, gl_app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_app
    monkeypatch.setattr(clipped, "PATIENCE", 50)
    of = tiny_network()
    in_bytes = layer("bytes", "Affine", of.graph.output, scale=250.0, shift=2.0)
    graph = replace(of.graph, nodes=(*of.graph.nodes, in_bytes), output="bytes")
    save_network(replace(of, graph=graph), tmp_path / "tiny")
    whole = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), "demo", "64")
    whole.until(lambda: any("0 to 1: choose them in Layer > Picture values" in said for said in whole.said))
    whole.document.set_values(Values(output_range=(0.0, 255.0)))
    whole.until(lambda: whole.told[OutputValues].graph is whole.document.graph)
    assert whole.told[OutputValues].outside < 0.1
    whole.close()


@pytest.mark.gl
def test_in_the_window_nothing_is_said_where_all_is_well(whole: WholeWindow) -> None:
    whole.until(lambda: whole.told[OutputValues].graph is not None)
    assert whole.told[OutputValues].outside < clipped.MOST
