"""The second film or picture beside the running one: what it lends, and when it begins again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from helpers import on_torch, tiny_network
from test_live import Studio

from studio.bends import make_bend
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.model.bends.stage import made
from studio.model.declared.tick import Tick
from studio.model.networks.picture import Picture
from studio.model.networks.section import SECOND
from studio.runtime.live.following import Following
from studio.runtime.live.report import Progress
from studio.runtime.live.second_film import PlaySecond, SecondFilm
from studio.runtime.render.frame_runner import FrameRunner

PATIENCE = 60.0
LEVELS = [20 * k for k in range(1, 11)]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten pictures a second for a second, each of one grey."""
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "bgr0"
        for level in LEVELS:
            picture = np.full((24, 32, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="bgr0")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def still(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "still.png"), np.full((24, 32, 3), 200, np.uint8))
    return tmp_path / "still.png"


@pytest.fixture
def following(film: Path) -> Iterator[Following]:
    made = Following(str(film))
    yield made
    made.close()


def level(following: Following, at: float) -> int:
    picture = following.at(at, PATIENCE)
    assert picture is not None
    return int(picture[0, 0, 0])


def test_it_gives_the_frame_of_a_time_goes_round_and_goes_back(following: Following) -> None:
    assert [level(following, k / 10) for k in range(10)] == LEVELS
    assert [level(following, 1 + k / 10) for k in (0, 5, 9)] == [LEVELS[k] for k in (0, 5, 9)]
    assert level(following, 0.2) == LEVELS[2]
    assert level(following, 3600.7) == LEVELS[7]


def test_a_still_stays_and_what_cannot_be_read_is_said(still: Path, tmp_path: Path) -> None:
    following = Following(str(still))
    assert level(following, 0.0) == level(following, 99.0) == 200
    assert following.is_still
    following.close()
    for spec in (str(tmp_path / "nothing.mp4"), __file__):
        wrong = Following(spec)
        with pytest.raises(StudioError):
            wrong.at(0.0, PATIENCE)
        wrong.close()


def test_stages_are_lent_the_maps_of_its_frames(film: Path) -> None:
    engine, other = on_torch(tiny_network()), FrameRunner(on_torch(tiny_network()))
    runner, feature = FrameRunner(engine), SecondFilm()
    feature.opened(engine, engine.graph)
    engine.set_stages([_stage(1, "enc"), _stage(2, "dec")])
    feature.handlers()[PlaySecond](PlaySecond(str(film)))
    main = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    for number in (0, 1, 5):
        tick = Tick(number, Fraction(number, 10))
        _until_lent(feature, runner, tick, main)
        runner(main)
        other.run(np.full((24, 32, 3), LEVELS[number], np.uint8))
        np.testing.assert_array_equal(engine.activation("enc"), other.engine.activation(made("enc")))
    assert feature.moves(engine)
    engine.set_stages([])
    feature.before(runner, Tick(), main)
    assert not feature.moves(engine)
    feature.close()


def _stage(number: int, layer: str):  # type: ignore[no-untyped-def]
    from studio.model.bends.stage import Stage

    return Stage(number, layer, make_bend("FromPicture", {}))


def _until_lent(feature: SecondFilm, runner: FrameRunner, tick: Tick, picture: Picture) -> None:
    assert feature._film is not None
    feature._film.at(float(tick.time), PATIENCE)
    feature.before(runner, tick, picture)


@pytest.mark.gl
def test_in_the_running_studio_it_is_chosen_undone_and_said_where_it_is_missing(
    gl_device: Device, still: Path, tmp_path: Path
) -> None:
    del gl_device
    cv2.imwrite(str(tmp_path / "main.png"), np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    running = Studio()
    try:
        running.live.play(str(tmp_path / "main.png"))
        running.until(lambda: running.telemetry[Progress].serial > 0)
        plain = running.picture()
        running.document.add_stage("enc", make_bend("FromPicture", {}))
        np.testing.assert_array_equal(running.picture(), plain, "without a second picture it is passed over")
        running.document.set_section(SECOND, str(still), "Second picture")
        wanted = FrameRunner(on_torch(tiny_network()))(cv2.imread(str(still))[:, :, ::-1].copy())
        running.until(lambda: np.array_equal(running.picture(), wanted))
        running.document.undo()
        running.document.redo()
        running.until(lambda: np.array_equal(running.picture(), wanted))
        running.document.set_section(SECOND, str(tmp_path / "gone.png"), "Second picture")
        running.until(lambda: any("gone.png" in text for text in running.messages))
    finally:
        running.live.close()
