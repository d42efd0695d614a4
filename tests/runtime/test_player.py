"""Sources played in time, on a clock of their own: what is due comes when the test says that it is that late."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio import paths
from studio.errors import StudioError
from studio.io import answering
from studio.io.resize import resized
from studio.io.sources import Frame, SourceInfo, open_source
from studio.io.sources.base import BaseSource
from studio.model.declared.size import Size
from studio.runtime.live import devices, succession
from studio.runtime.live import player as player_module
from studio.runtime.live.playback import Playback
from studio.runtime.live.player import Player


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Time(Clock):
    """What a player goes by: it stands still until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.condition: threading.Condition | None = None
        self.due: float | None = None  # when whoever waits goes on by itself
        self.waits = 0

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        self.condition, self.due = condition, None if seconds is None else self.now + seconds
        self.waits += 1
        condition.wait()
        self.condition = None

    def go(self, seconds: float) -> None:
        """Let time go by, and everything happen that is due meanwhile."""
        end, waited = self.now + seconds, self.waits - 1
        while True:
            until(lambda waited=waited: self.condition is not None and self.waits > waited)
            condition = self.condition
            assert condition is not None
            with condition:
                waited, due = self.waits, self.due
                if due is None or due > end:
                    self.now = end
                    return
                self.now = max(self.now, due)
                condition.notify_all()


class Film(BaseSource):
    """`count` frames at 25 fps; frame n is a picture of value n. Decoding one takes `cost` seconds of `sleep`."""

    def __init__(
        self, count: int = 50, cost: float = 0.0, sleep: Callable[[float], None] = time.sleep, enters: bool = True
    ) -> None:
        self.info = SourceInfo(Size(4, 6), Fraction(25), count, count / 25, False, "film")
        self.count, self.cost, self.sleep, self.enters = count, cost, sleep, enters
        self.closed = False
        self.entered = 0

    def __iter__(self) -> Iterator[Frame]:
        return self._from(0, 0)

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        first = max(0, min(self.count - 1, int(start * 25 + 1e-6)))
        return self._from(0 if not self.enters else first, first)

    def _from(self, decoded: int, first: int) -> Iterator[Frame]:
        self.entered += 1
        for index in range(decoded, self.count):
            if self.closed:
                return
            self.sleep(self.cost)
            if index >= first:
                yield Frame(np.full((4, 6, 3), index % 256, np.uint8), index / 25, index, 0.04)

    def close(self) -> None:
        self.closed = True


class Camera(BaseSource):
    """A device of which the test says what it sees."""

    def __init__(self) -> None:
        self.info = SourceInfo(Size(4, 6), Fraction(30), None, None, False, "camera")
        self.says = "live"
        self.sees = np.zeros((4, 6, 3), np.uint8)
        self.closed = threading.Event()
        self.given = 0

    @property
    def status(self) -> str:
        return self.says

    def __iter__(self) -> Iterator[Frame]:
        while not self.closed.wait(0.001):
            self.given += 1
            yield Frame(self.sees, 0.0, 0)

    frames = lambda self, start=0.0: iter(self)  # type: ignore[assignment]  # noqa: E731, ARG005

    def close(self) -> None:
        self.closed.set()


def on_a_clock(film: Film, clock: Clock, seconds: float, loop: bool, speed: float = 1.0) -> list[tuple[float, int]]:
    """(time since the start, number) of every frame shown."""
    reel = Playback(film, clock)
    reel.set_speed(speed)
    began, shown = clock.now, []
    while reel.due is not None and reel.due < began + seconds:
        clock.now = max(clock.now, reel.due)
        frame = reel.advance(loop)
        if frame is not None:
            shown.append((clock.now - began, frame.index))
    assert reel.ended == (reel.due is None)
    return shown


@pytest.mark.parametrize("speed", [0.1, 0.5, 1.0, 4.0])
def test_each_frame_is_shown_at_its_time(speed: float) -> None:
    clock = Clock()
    shown = on_a_clock(Film(10), clock, 100, False, speed)
    assert [number for _, number in shown] == list(range(10))
    assert [at for at, _ in shown] == pytest.approx([n / 25 / speed for n in range(10)])


def test_a_loop_has_no_seam() -> None:
    film = Film(10)
    shown = on_a_clock(film, Clock(), 4.0 - 1e-3, True)
    assert [number for _, number in shown] == [n % 10 for n in range(100)]
    assert [at for at, _ in shown] == pytest.approx([n / 25 for n in range(100)])


@pytest.mark.parametrize(("cost", "speed"), [(0.02, 1.0), (0.02, 4.0), (0.06, 1.0), (0.3, 1.0)])
def test_a_slow_decoder_drops_frames_and_does_not_lag(cost: float, speed: float) -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    shown = on_a_clock(Film(1000, cost, sleep), clock, 8.0, False, speed)
    lags = [at - number / 25 / speed for at, number in shown]
    assert max(lags) < 0.5 + 2 * cost + 0.05
    assert shown[-1][0] > 7
    gaps = np.diff([at for at, _ in shown])
    assert gaps.max() < max(0.15, 3 * cost + 0.05)
    assert (len(shown) < 195 * speed) == (cost * speed > 0.04)


def test_a_decoder_that_cannot_catch_up_plays_slower_instead_of_standing() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    film = Film(1000, 0.06, sleep, enters=False)
    shown = on_a_clock(film, clock, 60.0, False)
    assert film.entered <= 2
    gaps = np.diff([at for at, _ in shown])
    assert sorted(gaps)[-2] < 0.2
    assert shown[-1][1] > 600


def test_a_frame_alone_does_not_loop_and_an_empty_film_ends() -> None:
    for count in (0, 1):
        film = Film(count)
        assert len(on_a_clock(film, Clock(), 1.0, True)) == count
        assert film.entered == 1


def test_a_loop_that_becomes_empty_ends() -> None:
    film, clock = Film(5), Clock()
    reel = Playback(film, clock)
    while reel.due is not None:
        clock.now = max(clock.now, reel.due)
        reel.advance(True)
        film.count = 5 if film.entered < 2 else 0
    assert reel.ended
    assert clock.now < 101


# The player


@pytest.fixture
def changes() -> list[float]:
    return []


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def player(changes: list[float], clock: Time, _closing_waits_for_as_long_as_it_takes: None) -> Iterator[Player]:
    played = Player(lambda: changes.append(clock()), clock, clock.wait)
    yield played
    played.close()
    assert ours() == []


_OTHERS = set[threading.Thread]()
"""What other tests have left running."""


@pytest.fixture(autouse=True)
def _closing_waits_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player_module, "_PATIENCE", 60.0)
    _OTHERS.clear()
    _OTHERS.update(threading.enumerate())


def ours() -> list[str]:
    names = ("capture", "open source", "close source")
    return [thread.name for thread in threading.enumerate() if thread.name in names and thread not in _OTHERS]


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it has not happened in time"
        time.sleep(0.002)


def problem(player: Player) -> str:
    found = player.state().problem
    return found.text if found else ""


def value(player: Player) -> int:
    """The number of the frame shown, -1 before the first."""
    newest = player.newest()
    return -1 if newest is None else int(newest[1][0, 0, 0])


def test_a_film_plays_at_its_rate(player: Player, clock: Time, changes: list[float]) -> None:
    assert player.newest() is None
    player.play_source(Film(100), "a film")
    until(lambda: value(player) == 0)
    clock.go(1.0)
    assert value(player) == 25
    state = player.state()
    assert (state.spec, state.duration, state.playing, state.is_camera) == ("a film", 4.0, True, False)
    assert state.position == pytest.approx(1.0)
    assert len(changes) >= 25
    clock.go(2.0)
    assert value(player) == 75
    clock.go(1.5)
    assert value(player) == 12, "it begins anew"


def test_pausing_stepping_and_seeking(player: Player, clock: Time) -> None:
    player.play_source(Film(50))
    until(lambda: value(player) == 0)
    clock.go(0.12)
    player.step(1)  # not while it plays
    player.pause(True)
    until(lambda: not player.state().playing)
    until(lambda: clock.due is None)
    assert value(player) == 3
    clock.go(100)
    assert value(player) == 3
    for by, expected in ((1, 4), (1, 5), (-1, 4), (-2, 2), (3, 5)):
        player.step(by)
        until(lambda expected=expected: value(player) == expected)
    player.seek(1.5)
    until(lambda: value(player) == 37)
    assert player.state().position == pytest.approx(37 / 25)
    player.seek(99)
    until(lambda: value(player) == 49)
    player.step(1)  # round the corner
    until(lambda: value(player) == 0)
    waits = clock.waits
    player.step(-1)  # not back round it
    until(lambda: clock.waits > waits)
    assert value(player) == 0
    player.pause(False)
    until(lambda: clock.due is not None)
    clock.go(0.12)
    assert value(player) == 3


def test_the_end_without_a_loop(player: Player, clock: Time, changes: list[float]) -> None:
    player.set_loop(False)
    player.play_source(Film(5))
    until(lambda: value(player) == 0)
    clock.go(1)
    assert player.state().ended
    assert value(player) == 4
    seen = len(changes)
    clock.go(100)
    assert len(changes) == seen
    player.pause(False)  # plays it again
    until(lambda: value(player) == 0)
    clock.go(1)
    assert player.state().ended
    player.set_loop(True)
    until(lambda: not player.state().ended)
    clock.go(0.1)
    assert value(player) == 2


@pytest.mark.parametrize(("speed", "kept"), [(100, 4.0), (2, 2.0), (0.5, 0.5), (0, 0.1)])
def test_speed(player: Player, clock: Time, speed: float, kept: float) -> None:
    player.set_speed(speed)
    assert player.state().speed == kept
    player.play_source(Film(200))
    until(lambda: value(player) == 0)
    clock.go(1.0)
    assert value(player) == int(25 * kept + 1e-6)


def test_a_still_comes_once_and_is_fitted_anew(
    player: Player, clock: Time, changes: list[float], tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6, 3), 7, np.uint8))
    player.play(str(tmp_path / "a.png"))
    until(lambda: value(player) == 7)
    clock.go(1)
    newest, seen = player.newest(), len(changes)
    clock.go(100)
    assert newest is not None
    assert player.newest() == newest
    assert len(changes) == seen
    player.set_fit(lambda picture: resized(picture, Size(8, 12)))
    until(lambda: player.newest()[1].shape == (8, 12, 3))  # type: ignore[index]
    player.set_fit(lambda picture: resized(picture, Size(2, 2)))
    until(lambda: player.newest()[1].shape == (2, 2, 3))  # type: ignore[index]
    player.set_fit(None)
    until(lambda: player.newest()[1].shape == (4, 6, 3))  # type: ignore[index]
    state = player.state()
    assert (state.duration, state.ended, state.position) == (None, False, 0.0)


def test_a_fit_that_refuses_says_so_and_pictures_come(player: Player) -> None:
    def fit(_: object) -> np.ndarray:
        raise StudioError("no such size")

    player.set_fit(fit)
    player.play_source(Film(1))
    until(lambda: value(player) == 0)
    until(lambda: problem(player) == "no such size")


def test_what_cannot_be_opened_leaves_what_plays(player: Player, clock: Time) -> None:
    film = Film(200)
    player.play_source(film, "film")
    until(lambda: value(player) == 0)
    player.play("/nowhere/at/all")
    until(lambda: "nothing at '/nowhere/at/all'" in problem(player))
    clock.go(1)
    assert value(player) == 25
    assert (player.state().spec, player.state().opening, film.closed) == ("film", "", False)


def test_a_source_that_breaks_stands_and_says_so(player: Player, clock: Time) -> None:
    def break_at_three(_: float) -> None:
        if film.entered and film.reached == 3:
            raise StudioError("picture 3 is broken")
        film.reached += 1

    film = Film(5, sleep=break_at_three)
    film.reached = 0  # type: ignore[attr-defined]
    player.play_source(film, "film")
    until(lambda: value(player) == 0)
    clock.go(1)
    assert problem(player) == "picture 3 is broken"
    assert value(player) == 2
    assert player.state().ended


def test_a_broken_picture_of_a_folder_is_passed_over_and_said(player: Player, clock: Time, tmp_path: Path) -> None:
    for number in range(5):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((4, 6, 3), number, np.uint8))
    (tmp_path / "3.png").write_bytes(b"broken")
    player.set_loop(False)
    player.play(str(tmp_path))
    until(lambda: value(player) == 0)
    clock.go(1)
    assert value(player) == 4
    assert player.state().warning is not None
    assert "3.png" in str(player.state().warning)
    assert not problem(player)


def test_a_camera_that_dies_comes_back(player: Player) -> None:
    camera = Camera()
    player.play_source(camera, "camera")
    until(lambda: value(player) == 0)
    assert player.state().is_camera
    camera.sees = np.full((4, 6, 3), 9, np.uint8)
    until(lambda: value(player) == 9)
    newest = player.newest()
    camera.says = "lost: pulled out"
    until(lambda: player.state().status == "lost: pulled out")
    player.seek(3)
    player.pause(True)
    player.step(1)
    player.pause(False)
    player.play("camera")  # the same one: it is waited for, not opened again
    given = camera.given
    until(lambda: camera.given > given + 3)
    assert player.newest() == newest
    camera.says, camera.sees = "live", np.full((4, 6, 3), 11, np.uint8)
    until(lambda: value(player) == 11 and player.state().status == "live")
    player.play_source(Film(20))
    until(camera.closed.is_set)


class AskedCamera(Camera):
    """Does what another name asks for, where that is a mirror; it notes how many are open at once."""

    open_now = most = 0

    def __init__(self, spec: str) -> None:
        super().__init__()
        self.asked = [spec]
        AskedCamera.open_now += 1
        AskedCamera.most = max(AskedCamera.most, AskedCamera.open_now)

    @property
    def exposure(self) -> float | None:
        return -5.0

    def adjust(self, spec: str) -> bool:
        self.asked.append(spec)
        return "size" not in spec

    def close(self) -> None:
        AskedCamera.open_now -= not self.closed.is_set()
        super().close()


def test_a_camera_is_adjusted_while_it_is_open_or_let_go_before_it_is_opened_anew(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[AskedCamera] = []
    AskedCamera.open_now = AskedCamera.most = 0

    def open_one(spec: str) -> AskedCamera:
        if "9999" in spec:
            raise StudioError("it has no such size")
        opened.append(AskedCamera(spec))
        return opened[-1]

    monkeypatch.setattr(devices, "open_source", open_one)
    player.play("camera:0")
    until(lambda: player.state().spec == "camera:0" and player.newest() is not None)
    assert player.state().exposure == -5.0
    player.play("camera:0,mirror")
    assert (player.state().spec, player.state().opening, len(opened)) == ("camera:0,mirror", "", 1)
    player.play("camera:0,size=640x480")
    until(lambda: player.state().spec == "camera:0,size=640x480")
    assert len(opened) == 2
    assert opened[0].closed.is_set()
    # What cannot be had leaves the camera as it was.
    player.play("camera:0,size=9999x9999")
    until(lambda: problem(player) == "it has no such size")
    until(lambda: len(opened) == 3)
    assert player.state().spec == "camera:0,size=640x480"
    player.play("camera:1")
    until(lambda: player.state().spec == "camera:1")
    assert AskedCamera.most <= 2, "the same device is open once; another may be open until the next one is"


def test_opening_never_holds_up_and_a_later_call_supersedes(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    opened: dict[str, Film] = {}

    def slowly(spec: str) -> Film:
        opened[spec] = Film(200)
        if spec == "slow":
            gate.wait(60)
        return opened[spec]

    monkeypatch.setattr(devices, "open_source", slowly)
    player.play("slow")
    player.play("slow")
    # It is waited for nowhere: the gate is closed still.
    assert player.state().opening == "slow"
    until(lambda: "slow" in opened)
    player.play("quick")
    until(lambda: player.state().spec == "quick" and value(player) == 0)
    gate.set()
    until(lambda: opened["slow"].closed)
    assert player.state().spec == "quick"
    assert not opened["quick"].closed


def test_closing_in_the_midst_of_slow_decoding() -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def decode(_: float) -> None:
        begun.set()
        goes_on.wait(60)

    film = Film(100, sleep=decode)
    player = Player(lambda: None)
    player.play_source(film)
    assert begun.wait(60)
    threading.Timer(0.05, goes_on.set).start()
    player.close()
    player.close()
    assert ours() == []
    assert film.closed
    player.play("demo")
    player.play_source(late := Film(3))
    until(lambda: late.closed)
    assert player.newest() is None


def test_waiting_costs_nothing(player: Player, clock: Time) -> None:
    player.play_source(Film(20))
    until(lambda: value(player) == 0)
    clock.go(0.1)
    player.pause(True)
    until(lambda: clock.due is None)
    waits = clock.waits
    clock.go(100)
    assert clock.waits == waits, "it is not woken until it is told something"


def test_by_itself_it_goes_by_the_clock_on_the_wall() -> None:
    player = Player(lambda: None)
    try:
        player.play_source(Film(100))
        until(lambda: value(player) >= 3)
    finally:
        player.close()


def test_the_demo_is_played_and_sought(player: Player) -> None:
    player.play("demo")
    until(lambda: player.newest() is not None)
    player.pause(True)
    player.seek(1.0)
    until(lambda: player.state().position == pytest.approx(1.0, abs=0.05))
    with open_source("demo") as source:
        expected = next(source.frames(player.state().position)).picture
    assert np.array_equal(player.newest()[1], expected)  # type: ignore[index]
    assert player.state().info.description == source.info.description  # type: ignore[union-attr]


def test_playing_often_leaves_nothing_behind(player: Player) -> None:
    open_files = Path("/proc/self/fd")
    if not open_files.is_dir():
        pytest.skip("open files cannot be counted here")
    before = 0
    for turn in range(200):
        player.play(str(paths.DEMO_CLIP) if turn % 2 else "demo")
        if turn % 8 == 0:
            until(lambda: not player.state().opening)
        if turn == 20:
            before = len(list(open_files.iterdir()))
    until(lambda: not player.state().opening)
    until(lambda: len(ours()) == 1)
    assert len(list(open_files.iterdir())) <= before + 8


class Silent(BaseSource):
    """A film whose disk answers no more after three pictures, until it does again."""

    info = SourceInfo(Size(8, 8), Fraction(25), 100, 4.0, False, "film")

    def __init__(self, answers: threading.Event) -> None:
        super().__init__()
        self.falls_silent = threading.Event()
        self.closed = self.let_go = self.breaks = False
        self._answers = answers

    def __iter__(self) -> Iterator[Frame]:
        try:
            for index in range(100):
                if index == 3:
                    self.falls_silent.set()
                    self._answers.wait()
                    if self.breaks:
                        raise StudioError("its disk is gone")
                yield Frame(np.full((8, 8, 3), index, np.uint8), index / 25, index)
        finally:
            self.let_go = True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def silent() -> Iterator[tuple[Player, Silent, threading.Event]]:
    """A player whose film has fallen silent, and what lets it answer again."""
    answers = threading.Event()
    film, player = Silent(answers), Player(lambda: None)
    player.play_source(film, "gone.mp4")
    film.falls_silent.wait()
    yield player, film, answers
    answers.set()
    player.close()
    assert ours() == []


def shown(player: Player) -> str:
    newest = player.newest()
    return "" if newest is None else newest.spec


def test_another_source_plays_at_once_though_the_one_before_is_waited_for_without_end(
    silent: tuple[Player, Silent, threading.Event],
) -> None:
    player, film, answers = silent
    waits = player._capturing.threads[-1]
    player.play_source(Film(1), "other.mp4")
    until(lambda: shown(player) == "other.mp4")
    assert film.closed
    player.play("demo")
    until(lambda: shown(player) == "demo")
    player.play_source(Film(1), "one picture.mp4")
    until(lambda: shown(player) == "one picture.mp4" and player.state().ended)
    # What was waited for comes at last, and shows nothing of it.
    state, newest = player.state(), player.newest()
    answers.set()
    waits.join()
    assert film.let_go, "its decoder is closed by the thread that had it"
    assert player.newest() is newest
    assert player.state() == state


def test_a_source_that_breaks_after_another_has_taken_its_place_says_nothing(
    silent: tuple[Player, Silent, threading.Event],
) -> None:
    player, film, answers = silent
    waits, film.breaks = player._capturing.threads[-1], True
    player.play_source(Film(1), "other.mp4")
    until(lambda: shown(player) == "other.mp4" and player.state().ended)
    state = player.state()
    answers.set()
    waits.join()
    assert not problem(player)
    assert player.state() == state


def test_a_film_that_falls_silent_is_told_of_until_it_answers(
    silent: tuple[Player, Silent, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    player, _, answers = silent
    monkeypatch.setattr(succession, "LOOK_EVERY", 0.0)
    looks = itertools.count(1)
    until(lambda: next(looks) and problem(player))
    assert "gone.mp4 does not answer" in problem(player)
    assert next(looks) > 10 / answering.LOOK_EVERY, "not before ten seconds"
    answers.set()
    until(lambda: not problem(player))


def test_a_paused_film_may_be_silent(player: Player, clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "LOOK_EVERY", 0.0)
    player.play_source(Film(50))
    until(lambda: value(player) == 0)
    player.pause(True)
    until(lambda: clock.due is None)
    for _ in range(300):
        assert not problem(player)


def test_what_has_no_length_may_be_silent(
    silent: tuple[Player, Silent, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "LOOK_EVERY", 0.0)
    player, _, answers = silent
    stream = Silent(answers)
    stream.info = replace(stream.info, frames=None, duration=None)
    player.play_source(stream, "stream")
    stream.falls_silent.wait()
    for _ in range(300):
        assert not problem(player)


def test_closing_does_not_wait_for_what_never_answers(
    silent: tuple[Player, Silent, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    player, film, answers = silent
    monkeypatch.setattr(player_module, "_PATIENCE", 0.05)
    player.play_source(Film(1), "other.mp4")
    player.close()
    assert not answers.is_set()
    assert film.closed
    assert player.state().info is None
