"""Films in Dolby Vision: which of them have colours that are not worked out. No encoder here writes their side data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import av
import pytest

from studio.io.sources._films import convert as _convert
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources._films.decode import is_reshaped
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

UNNAMED, BT709, BT2020, IPT_C2 = 2, 1, 9, 15


@pytest.mark.parametrize("colorspace", [UNNAMED, IPT_C2])
@pytest.mark.parametrize("name", ["DOVI_METADATA", "DOVI_RPU_BUFFER"])
def test_curves_without_named_colours_are_dolby_visions_own(colorspace: int, name: str) -> None:
    planes = av.VideoFormat("yuv420p10le", 16, 16)
    frame = SimpleNamespace(colorspace=colorspace, format=planes, side_data={"DISPLAYMATRIX": b"", name: b""})
    assert is_reshaped(cast("VideoFrame", frame))


@pytest.mark.parametrize("colorspace", [BT709, BT2020])
def test_beside_named_colours_they_are_extras(colorspace: int) -> None:
    assert not is_reshaped(cast("VideoFrame", SimpleNamespace(colorspace=colorspace, side_data={"DOVI_METADATA": b""})))


def test_other_frames_have_none() -> None:
    frame = av.VideoFrame(16, 16, "yuv420p")
    assert frame.colorspace == UNNAMED
    assert not is_reshaped(frame)


def test_it_is_said_beside_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_convert, "is_reshaped", lambda _: True)
    convert = RgbConverter(Size(16, 16))
    frame = av.VideoFrame(16, 16, "yuv420p")
    frame.color_trc = 16
    convert(frame)
    done, said = convert.remark.split("; ", 1)
    assert done.startswith("its colours (high dynamic range (PQ)) are brought to BT.709")
    assert said.startswith("it is Dolby Vision that only its own players show")
