"""Other networks opened while a performance goes on: rendered, it has the frames of its recording."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers import layer, network, tiny_network
from test_live import Studio
from test_taking import before_the_first, begin, end, film, pictures, rendered, wait  # noqa: F401 - film is a fixture

from studio.bends import make_bend
from studio.cli import main
from studio.control.move import move
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.io.performances import load_performance, save_performance
from studio.io.performed_networks import kept_network
from studio.model.declared.tick import Tick
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.route import ROUTES
from studio.model.networks.latent import LatentPath
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.values import Values
from studio.model.performances.performance import Ended, NetworkOpened, Performance, Ran, Recorded, Take
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
    assert abs(len(one) / 30 - len(live) / 25 - before_the_first(path)) < 0.1
    assert [picture.tobytes() for picture in one] == [picture.tobytes() for picture in two]
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


def plain(*, normed: bool = False) -> Network:
    """A network that is not the tiny one: its output is not held to 0 to 1, and has another name."""
    norm = [layer("norm", "InstanceNorm2d", "enc", num_features=6)] if normed else []
    up = {"kernel_size": 4, "stride": 2, "padding": 1}
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, **up),
        *norm,
        layer("last", "ConvTranspose2d", "norm" if norm else "enc", in_channels=6, out_channels=3, **up),
        seed=4,
        name="plain",
    )


def calm(preset: Preset, bent: str) -> Preset:
    """Bent by what is the same by tiles, and moved; at first it hides all that came before it."""
    document = Document(preset)
    document.add_stage(bent, make_bend("Blur", {"sigma": 0.5}))
    document.add_stage(bent, make_bend("Ablate", {}), amount=1.0)
    document.set_section(ROUTES, move((), "/bend/2/amount", "lfo", rate=0.8, depth=-0.5, phase=0.5)[0], "Move")
    return document.preset()


def flat(text: str) -> str:
    return " ".join(text.split())


class Played:
    """A performance that goes from one network to another, and what is rendered of it."""

    def __init__(self, film: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
        self.folder, self._film, self._monkeypatch = folder, film, monkeypatch
        networks = {"played": tiny_network(), "plain": plain()}
        for name, each in networks.items():
            save_network(each, folder / name)
        begun, opened = (
            calm(Preset(name, each, {}, weights_path=folder / name), bent)
            for (name, each), bent in zip(networks.items(), ("act", "last"), strict=True)
        )
        studio = Studio(begun)
        try:
            studio.live.play(str(film))
            studio.until(lambda: studio.telemetry[Progress].serial > 3)
            self.path = begin(studio, folder, film)
            wait(studio, 4)
            entered(studio, opened, FadePictures(0.5, "linear"))
            wait(studio, 18)
            self.live = pictures(end(studio))
        finally:
            studio.live.close()
        monkeypatch.chdir(folder)

    def opening(self, **changes: object) -> None:
        """Open the other network in another way."""
        played = load_performance(self.path)
        events = [
            replace(each, **changes) if isinstance(each, NetworkOpened) else each  # type: ignore[arg-type]
            for each in played.events
        ]
        self.path = self.path.with_name("other.performance")
        self.path.unlink(missing_ok=True)
        save_performance(replace(played, events=tuple(events)), self.path)

    def made(self, name: str, *options: str) -> list[np.ndarray]:
        rendered(self._monkeypatch, self._film, name, self.path, *options)
        return [picture.astype(float) for picture in pictures(self.folder / name)]


def off(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


@pytest.fixture
def played(gl_device: Device, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:  # noqa: F811
    del gl_device
    return Played(film, tmp_path, monkeypatch)


def test_several_networks_are_rendered_by_tiles_and_larger(
    played: Played, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert off(played.made("whole.mkv"), [picture.astype(float) for picture in played.live]) == 0
    large = played.made("large.mkv", "--size", "80")
    assert len({picture.tobytes() for picture in large}) > 10
    # The picture that goes lies over the tiles as over the whole.
    assert off(played.made("tiled.mkv", "--size", "80", "--tile", "24"), large) <= 1
    by_network = ("--enlarge", "2", "--enlarge-by", "network")
    assert off(played.made("network.mkv", *by_network), large) == 0
    assert off(played.made("both.mkv", *by_network, "--tile", "24"), large) <= 1
    # What one of them cannot do is refused before anything is written.
    save_network(plain(normed=True), tmp_path / "normed")
    played.opening(network=plain(normed=True).sha256(), weights=str(tmp_path / "normed"), preset="normed")
    with pytest.raises(StudioError):
        played.made("odd.mkv", "--tile", "24")
    assert '"normed", which the performance opens: This network looks at the whole' in flat(capfd.readouterr().err)
    assert not list(tmp_path.glob("odd*"))


def test_of_several_networks_the_layer_of_that_name_is_shown_and_fades(
    played: Played, capfd: pytest.CaptureFixture[str]
) -> None:
    # At a rate of its own frames lie evenly, however busy the machine was.
    enc = ("--layer", "enc", "--fps", "20")
    both = played.made("both.mkv", *enc)
    played.opening(both=False)
    fading = played.made("fading.mkv", *enc)
    assert "There is no layer" not in capfd.readouterr().err
    played.opening(seconds=0.0)
    cut = played.made("cut.mkv", *enc)
    begins = next(number for number, (a, b) in enumerate(zip(fading, cut, strict=True)) if not np.array_equal(a, b))
    assert begins > 1
    parts = []
    for number, (mixed, whole) in enumerate(zip(fading, cut, strict=True)):
        way = cut[begins - 1] - whole
        part = float((way * (mixed - whole)).sum() / (way * way).sum()) if number >= begins else 1.0
        parts.append(part)
        assert off([mixed], [whole + part * way] if number >= begins else [whole]) < 1
    assert parts[begins] == pytest.approx(1.0, abs=0.01)
    assert parts[-1] == pytest.approx(0.0, abs=0.01)
    assert all(a >= b - 0.01 for a, b in pairwise(parts))
    assert 0.2 < parts[begins + 5] < 0.8
    # Where the network before runs on, its layer does.
    assert off(both[begins + 1 : begins + 8], fading[begins + 1 : begins + 8]) > 1
    # A network without it shows its output, which is said.
    only = played.made("only.mkv", "--layer", "last", "--fps", "20")
    assert 'There is no layer "last" in "played": the output is shown there instead' in flat(capfd.readouterr().err)
    assert off(only[:begins], played.made("output.mkv", "--fps", "20")[:begins]) == 0
    with pytest.raises(StudioError):
        played.made("odd.mkv", "--layer", "dec7")
    assert "dec7" in capfd.readouterr().err


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
