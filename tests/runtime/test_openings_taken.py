"""Other networks opened while a performance goes on: rendered, it has the frames of its recording."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from test_live import Studio
from test_taking import begin, end, film, pictures, rendered, wait  # noqa: F401 - film is a fixture

from studio.bends import make_bend
from studio.cli import main
from studio.control.move import move
from studio.engine.gl.device import Device
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.io.performances import load_performance, save_performance
from studio.io.performed_networks import kept_network
from studio.model.document import Document
from studio.model.edit import Patch
from studio.model.latent import LatentPath
from studio.model.layout import Rect
from studio.model.performance import Ended, NetworkOpened, Performance, Ran, Recorded, Take
from studio.model.preset import Preset
from studio.model.route import ROUTES
from studio.model.tick import Tick
from studio.model.values import Values
from studio.runtime.live.picture_fade import FadePictures
from studio.runtime.live.report import Progress
from studio.runtime.render.enlarge import Restorer
from studio.runtime.render.turns import turns_as_recorded, turns_at

pytestmark = pytest.mark.gl


def other(folder: Path, seed: int = 5) -> Preset:
    """Of another network, with a stroke, bends with memory, and a movement."""
    where = folder / f"other-{seed}"
    if not where.exists():
        save_network(tiny_network(seed=seed), where)
    document = Document(Preset(f"other {seed}", load_network(where), {}, weights_path=where))
    document.add_stage("act", make_bend("Feedback", {}))
    document.add_stage("enc", make_bend("Rotate", {"angle": 10.0}))
    document.apply("stroke", "enc.weight", Patch(Rect(0, 0, 3, 3), np.full((3, 3), 0.4, np.float32)))
    document.set_section(ROUTES, move((), "/bend/2/angle", "lfo", rate=1.5, depth=0.3, lag=0.1)[0], "Move")
    return document.preset()


def first() -> Preset:
    document = Document(Preset("played", tiny_network(), {}, weights_path=None))
    document.add_stage("enc", make_bend("Rotate", {"angle": 10.0}))
    document.set_section(ROUTES, move((), "/bend/1/angle", "lfo", rate=0.8, depth=0.3)[0], "Move")
    return document.preset()


@pytest.fixture
def studio(gl_device: Device) -> Iterator[Studio]:
    del gl_device
    running = Studio(first())
    yield running
    running.live.close()


def entered(studio: Studio, preset: Preset, fade: FadePictures | None = None) -> None:
    if fade is not None:
        studio.live.order(fade)
    studio.document.load(preset)
    wait(studio, 3)


def cut(studio: Studio, folder: Path) -> None:
    entered(studio, other(folder))
    studio.document.set("/bend/2/angle", 40.0)
    wait(studio, 4)


def fade(studio: Studio, folder: Path) -> None:
    entered(studio, other(folder), FadePictures(0.4, "in and out"))
    studio.document.add_stage("dec", make_bend("Invert", {}), amount=0.5)
    wait(studio, 3)
    studio.document.apply("stroke", "dec.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 0.7, np.float32)))
    wait(studio, 16)


def fade_upon_fade_and_back(studio: Studio, folder: Path) -> None:
    entered(studio, other(folder), FadePictures(2.0, "linear"))
    entered(studio, other(folder, 7), FadePictures(0.3, "out"))
    wait(studio, 14)
    studio.document.undo()
    wait(studio, 4)
    studio.document.set_values(Values(range=(-1.0, 1.0)))
    wait(studio, 4)


@pytest.mark.parametrize("act", [cut, fade, fade_upon_fade_and_back])
def test_networks_that_are_opened_are_rendered_as_they_were_recorded(
    studio: Studio,
    film: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    act: Callable[[Studio, Path], None],
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    path = begin(studio, tmp_path, film)
    wait(studio, 4)
    act(studio, tmp_path)
    live = pictures(end(studio))
    assert not [text for text in studio.messages if "Recorded" not in text]
    performance = load_performance(path)
    opened = [event for event in performance.events if isinstance(event, NetworkOpened)]
    assert len(opened) == (1 if act is not fade_upon_fade_and_back else 4)
    assert [event.seconds for event in opened][:2] == {cut: [0.0], fade: [0.4]}.get(act, [2.0, 0.3])
    assert opened[0].weights == str(tmp_path / "other-5")
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "again.mkv", path)
    again = pictures(tmp_path / "again.mkv")
    assert len(again) == len(live)
    differ = [k for k, (a, b) in enumerate(zip(live, again, strict=True)) if not np.array_equal(a, b)]
    assert differ == []
    assert len({picture.tobytes() for picture in live}) > 6
    # At another rate it is as long, and the same each time.
    for name in ("one.mkv", "two.mkv"):
        rendered(monkeypatch, film, name, path, "--fps", "30", "--size", "60")
    one, two = pictures(tmp_path / "one.mkv"), pictures(tmp_path / "two.mkv")
    assert abs(len(one) / 30 - len(live) / 25) < 0.1
    assert [picture.tobytes() for picture in one] == [picture.tobytes() for picture in two]
    # What is for one network alone is refused; one device renders, and says why.
    by_network = ("--enlarge", "2", "--enlarge-by", "network")
    for option in (("--tile", "64"), ("--layer", "enc"), by_network):
        rendered(monkeypatch, film, "odd.mkv", path, *option)
        said = " ".join(capfd.readouterr().err.split())
        named = "--enlarge-by network" if option is by_network else option[0]
        assert f"opens other networks, which {named} cannot follow; leave it out" in said
        assert not (tmp_path / "odd.mkv").exists()
    # The restorer takes the pictures that came out, whatever they came out of.
    if act is fade:
        rendered(monkeypatch, film, "large.mkv", path, "--enlarge", "2")
        restorer = Restorer(2)
        for small, large in list(zip(live, pictures(tmp_path / "large.mkv"), strict=True))[::5]:
            assert np.array_equal(restorer(small), large)
        restorer.close()
    # A part of it, which begins behind an opening.
    *_, last = performance.scenes()
    shown = [event.time for event in last.own.events if isinstance(event, Recorded)]
    start = max(run.time for run in last.own.runs() if run.time <= shown[-1])
    save_performance(performance.trimmed(start, performance.seconds), tmp_path / "part.performance")
    rendered(monkeypatch, film, "part.mkv", tmp_path / "part.performance")
    assert 0 < len(pictures(tmp_path / "part.mkv")) < len(live)


def test_networks_that_lie_nowhere_are_kept_beside_it(
    studio: Studio,
    film: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    stage = tmp_path / "stage"
    stage.mkdir()
    path = begin(studio, stage, film)
    wait(studio, 4)
    nowhere = replace(other(tmp_path, 7), weights_path=None)
    entered(studio, nowhere, FadePictures(0.3, "in and out"))
    wait(studio, 12)
    entered(studio, other(tmp_path))
    entered(studio, nowhere)
    live = pictures(end(studio))
    assert not [text for text in studio.messages if "Recorded" not in text]
    performance = load_performance(path)
    folders = [scene.own.take.weights for scene in performance.scenes()]
    kept = stage / "a.networks"
    assert sorted(map(str, kept.iterdir())) == sorted({folders[0], folders[1]})
    assert folders[3] == folders[1]
    assert load_network(Path(folders[0])).sha256() == performance.network == tiny_network().sha256()
    # The performance and what lies beside it go elsewhere.
    (tmp_path / "other-7").rename(tmp_path / "gone")
    stage.rename(tmp_path / "tour")
    monkeypatch.chdir(tmp_path)
    options = ("--performance", "tour/a.performance", "--engine", "torch")
    monkeypatch.setattr(sys, "argv", ["studio", "render", str(film), "again.mkv", *options])
    with contextlib.suppress(SystemExit):
        main()
    again = pictures(tmp_path / "again.mkv")
    assert [picture.tobytes() for picture in again] == [picture.tobytes() for picture in live]


def test_a_network_is_kept_once_and_nothing_that_lies_there_is_replaced(tmp_path: Path) -> None:
    network, path = tiny_network(), tmp_path / "evening.performance"
    taken = tmp_path / "evening.networks" / network.sha256()[:16]
    taken.parent.mkdir()
    save_network(tiny_network(seed=4), taken)
    folder = kept_network(network, path)
    assert folder == taken.with_name(f"{taken.name}-2")
    assert kept_network(network, path) == folder
    assert load_network(taken).sha256() == tiny_network(seed=4).sha256()
    assert sorted(taken.parent.iterdir()) == [taken, folder]
    (tmp_path / "full.networks").write_text("a file")
    with pytest.raises(StudioError, match=r"full\.networks"):
        kept_network(network, tmp_path / "full.performance")


def test_a_network_that_cannot_be_kept_ends_it_and_one_that_has_gone_is_named(
    studio: Studio,
    film: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    (tmp_path / "a.networks").write_text("somebody's own")
    path = begin(studio, tmp_path, film)
    entered(studio, other(tmp_path))
    entered(studio, replace(other(tmp_path, 7), weights_path=None))
    studio.until(lambda: studio.messages)
    assert any("The performance ends here" in text and "a.networks" in text for text in studio.messages)
    assert (tmp_path / "a.networks").read_text() == "somebody's own"
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other-5").rename(tmp_path / "elsewhere")
    rendered(monkeypatch, film, "again.mkv", path)
    said = " ".join(capfd.readouterr().err.split())
    assert f"is not found at {tmp_path / 'other-5'}; put it there, or beside the performance" in said
    save_network(tiny_network(seed=9), tmp_path / "other-5")
    rendered(monkeypatch, film, "again.mkv", path)
    assert "is another by now" in " ".join(capfd.readouterr().err.split())
    assert not (tmp_path / "again.mkv").exists()


OPENED = NetworkOpened(1.0, "1" * 64, "b", "/b", 0.5, "out", both=True)
EVENTS = (Ran(0.0, 0, 0.0), Ran(0.5, 12, 0.5), OPENED, Ran(1.0, 0, 1.0), Ran(1.2, 5, 1.2), Ran(1.6, 9, 1.6))


def test_another_network_counts_its_frames_and_its_time_from_its_first() -> None:
    take = Take(True, 3.0, 75, rate=None)
    performance = Performance("0" * 64, "a", (*EVENTS, Ended(2.0)), take=take)
    assert [scene.own.network for scene in performance.scenes()] == ["0" * 64, "1" * 64]
    turns = turns_at(performance, Fraction(10), [LatentPath(), LatentPath()])
    assert [turn.scene for turn in turns] == [0] * 10 + [1] * 10
    assert turns[9].tick == Tick(84, Fraction(39, 10))
    assert turns[10].tick == Tick(0, Fraction(0))
    assert turns[15].tick.frame == 5
    assert float(turns[15].tick.time) == pytest.approx(0.5)


def test_a_part_that_begins_behind_an_opening_goes_on_by_its_clock() -> None:
    performance = Performance("0" * 64, "a", (*EVENTS, Ended(2.0)))
    part = performance.trimmed(1.1, 2.0)
    assert isinstance(part.events[0], NetworkOpened)
    assert (part.events[0].time, part.events[0].seconds, part.events[0].both) == (0.0, 0.0, False)
    assert part.events[0].clock == pytest.approx(0.2)
    assert [(run.frame, round(run.time, 6)) for run in part.runs()] == [(5, 0.1), (9, 0.5)]
    with pytest.raises(StudioError, match="took no picture in this part"):
        turns_as_recorded(
            Performance("0" * 64, "a", (Recorded(0.0), Ran(0.1, 0, 0.0), Ended(0.2)), take=Take(rate=Fraction(25))),
            [LatentPath()],
        )
    cut = performance.cut(0.9, 1.3)
    [opened] = [event for event in cut.events if isinstance(event, NetworkOpened)]
    assert (opened.time, opened.clock) == (0.9, pytest.approx(0.6))
    # Before it everything is as it was.
    assert performance.trimmed(0.4, 2.0).runs()[0].frame == 0
    assert [run.frame for run in performance.trimmed(0.4, 2.0).runs()] == [0, 0, 5, 9]
