"""Films rendered as a whole from the window, enlarged in the way that was chosen, with their sound in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtCore import Qt
from whole_window import WholeWindow

from studio.errors import StudioError
from studio.model.networks.preset import Preset
from studio.runtime.live.playing import PlayerState
from studio.runtime.render.aside import Film, Rendering
from studio.ui.kit.panel import bring_forward
from studio.ui.recording.panel import RecorderPanel

FRAMES, RATE = 12, 12


def write_film(path: Path) -> Path:
    """A second of 48 × 32, with a tone that begins with it."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = 48, 32, "yuv420p"
        audio = container.add_stream("aac", rate=48000, layout="mono")
        for number in range(FRAMES):
            picture = np.full((32, 48, 3), 20 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(video.encode(None))
        wave = (np.sin(np.arange(48000) / 10) * 0.5).astype(np.float32)[None]
        for start in range(0, 48000, 1000):
            frame = av.AudioFrame.from_ndarray(wave[:, start : start + 1000], "fltp", "mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


@pytest.mark.gl
@pytest.mark.parametrize("way", ["2 restorer", "2 network"])
def test_the_film_that_plays_is_rendered_twice_as_large_with_its_sound(
    whole: WholeWindow, tmp_path: Path, way: str
) -> None:
    source = write_film(tmp_path / "source.mp4")
    session = whole.studio.parts.session
    session.recording = replace(session.recording, folder=str(tmp_path))
    whole.live.play(str(source))
    whole.until(lambda: whole.told[PlayerState].spec == str(source) and whole.told[PlayerState].duration)
    bring_forward(whole.context[RecorderPanel])
    films = whole.context[RecorderPanel].films
    assert films is not None
    films.way.setCurrentIndex(films.way.findData(way))
    films.way.activated.emit(films.way.currentIndex())
    whole.stroke((2.0, 2.0), (10.0, 6.0))
    whole.qtbot.mouseClick(films.button, Qt.MouseButton.LeftButton)
    assert films.renders
    assert "Rendering" in films.facts.text()
    assert whole.studio._finishing.pending, "the window's end waits for it"
    frames = whole.frames
    whole.until(lambda: not films.renders)
    assert whole.frames > frames, "the window goes on"
    made = next(path for path in tmp_path.glob("*.mp4") if path != source)
    assert made.stem.endswith("x2")
    assert ("restorer" if way == "2 restorer" else "bends a larger picture") in films.facts.text()
    with av.open(str(made)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        # The network works at 64 here: 64 × 43, which H.264 pads to even sides.
        assert video.width == 128
        assert sum(1 for _ in container.decode(video)) == FRAMES
    with av.open(str(made)) as container:
        audio = container.streams.audio[0]
        heard = list(container.decode(audio))
        assert float(heard[0].pts * heard[0].time_base) < 0.1
        assert float((heard[-1].pts + heard[-1].samples) * heard[-1].time_base) == pytest.approx(1.0, abs=0.1)


@pytest.mark.gl
def test_what_has_no_end_is_not_begun(whole: WholeWindow, tmp_path: Path) -> None:
    session = whole.studio.parts.session
    session.recording = replace(session.recording, folder=str(tmp_path))
    films = whole.context[RecorderPanel].films
    assert films is not None
    picture = tmp_path / "still.png"
    import cv2

    cv2.imwrite(str(picture), np.zeros((16, 16, 3), np.uint8))
    whole.live.play(str(picture))
    whole.until(lambda: whole.told[PlayerState].spec == str(picture))
    whole.command("file.render")
    assert not films.renders
    assert "which is no film" in whole.said[-1]


def test_a_film_that_cannot_be_rendered_says_why_in_a_sentence(tmp_path: Path) -> None:
    from helpers import tiny_network

    film = Film(
        Preset("tiny", tiny_network(), {}), str(tmp_path / "none.mp4"), tmp_path / "out.mp4", size="32", engine="torch"
    )
    with pytest.raises(StudioError, match=r"out\.mp4 was not rendered: .*none\.mp4"):
        Rendering(film).run()
    assert not (tmp_path / "out.mp4").exists()
    stopped = Rendering(film)
    stopped.stop()
    with pytest.raises(StudioError, match="stopped before"):
        stopped.run()
