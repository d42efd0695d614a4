"""Films whose coded pictures say how they are held: each part as it says, whatever it was joined with."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbers
from test_brought_films import _later

from studio.io.sources import open_source


def _said(angle: int, codec: str) -> bytes:
    """A unit with an SEI message of kind 47: not cancelled, not mirrored, an angle, and that it holds on."""
    bits = f"000{angle * 65536 // 360:016b}" + ("0100" if codec == "h264" else "10")
    bits += "1" + "0" * (-len(bits) - 1 & 7)
    load = int(bits, 2).to_bytes(len(bits) // 8, "big")
    message = bytes([47, len(load)]) + load + b"\x80"
    # What would look like a start is broken up.
    message = message.replace(b"\0\0\0", b"\0\0\3\0").replace(b"\0\0\1", b"\0\0\3\1")
    return b"\0\0\0\1" + (b"\x06" if codec == "h264" else b"\x4e\x01") + message


def _part(path: Path, angle: int, *, every: bool, codec: str = "h264", count: int = 20, bf: int = 2) -> Path:
    """A transport stream of H.264 or HEVC whose key frames, or the first alone, say this angle."""
    encoder = "libx264" if codec == "h264" else "libx265"
    options = {"g": "5", "bf": str(bf), "sc_threshold": "0"}
    if codec == "hevc":
        options = {"x265-params": f"keyint=5:min-keyint=5:bframes={bf}:open-gop=0:scenecut=0:log-level=none"}
    plain = make_film(path.with_suffix(".plain.ts"), encoder, count=count, options=options)
    with av.open(str(plain)) as source, av.open(str(path), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        is_first = True
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            data = bytes(packet)
            if packet.is_keyframe and angle and (every or is_first):
                # Behind the parameters and in front of the picture.
                place = _picture(data, codec)
                data = data[:place] + _said(angle, codec) + data[place:]
            is_first = is_first and not packet.is_keyframe
            made = av.Packet(data)
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.is_keyframe, made.stream = packet.is_keyframe, copy
            sink.mux(made)
    return path


def _picture(data: bytes, codec: str) -> int:
    place = 0
    while True:
        place = data.index(b"\0\0\1", place)
        kind = data[place + 3]
        if (codec == "h264" and kind & 31 == 5) or (codec == "hevc" and 16 <= (kind >> 1 & 63) <= 21):
            return place - (data[place - 1] == 0)
        place += 3


def _joined(folder: Path, *parts: Path, at: tuple[float, ...]) -> Path:
    path = folder / "joined.ts"
    later = [_later(part, folder / f"{part.stem}.late.ts", seconds) for part, seconds in zip(parts, at, strict=True)]
    path.write_bytes(b"".join(one.read_bytes() for one in later))
    return path


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("angle", [90, 180, 270])
@pytest.mark.parametrize("bf", [0, 2])
def test_a_part_that_says_nothing_is_upright_behind_one_that_does(
    tmp_path: Path, codec: str, angle: int, bf: int
) -> None:
    turned = _part(tmp_path / "a.ts", angle, every=True, codec=codec, bf=bf)
    plain = _part(tmp_path / "b.ts", 0, every=True, codec=codec, bf=bf)
    for order, at in (
        ((turned, plain), (2.0, 2.8)),
        ((plain, turned), (2.0, 2.8)),
        ((turned, plain, turned), (2.0, 2.8, 3.6)),
    ):
        with open_source(str(_joined(tmp_path, *order, at=at))) as source:
            shown = [frame.picture for frame in source]
            assert len(shown) == 20 * len(order)
            assert (source.warning, "between black bars" in (source.remark or "")) == (None, angle != 180)
            first = order[0] is turned
            for k, picture in enumerate(shown):
                is_turned = order[k // 20] is turned
                assert picture.shape[:2] == source.info.size == ((160, 96) if first and angle != 180 else (96, 160))
                if is_turned and first:
                    assert numbers([np.rot90(picture, -angle // 90)]) == [k % 20]
                elif not is_turned and not first:
                    assert numbers([picture]) == [k % 20]
                elif angle != 180:
                    assert _inside(picture, -angle // 90 if is_turned else 0) == k % 20
                else:
                    assert numbers([np.rot90(picture, 2 if is_turned else 0)]) == [k % 20]


def _inside(picture: np.ndarray, quarters: int) -> int:
    """The number of what stands between black bars."""
    # A picture of 160×96 in one as high: what is left is as wide, or as high, as the shorter side.
    height, width = picture.shape[:2]
    if width > height:
        part = picture[:, (width - 58) // 2 : (width + 58) // 2]
    else:
        part = picture[(height - 58) // 2 : (height + 58) // 2]
    held = np.rot90(part, quarters)
    assert held.shape[:2] == (58, 96)
    return numbers([held])[0]


def test_a_turn_said_once_holds_and_is_found_wherever_it_is_sought(tmp_path: Path) -> None:
    path = _part(tmp_path / "a.ts", 90, every=False, count=40)
    with open_source(str(path)) as source:
        for start in (0.0, 0.5, 1.2):
            shown = [np.rot90(frame.picture, -1) for frame in source.frames(start)]
            assert numbers(shown) == list(range(40))[round(start * 25) :]


def test_a_film_joined_behind_a_jump_of_the_clock_is_upright(tmp_path: Path) -> None:
    """Its first part says it once."""
    turned, plain = _part(tmp_path / "a.ts", 180, every=False), _part(tmp_path / "b.ts", 0, every=False)
    with open_source(str(_joined(tmp_path, turned, plain, at=(2.0, 50.0)))) as source:
        shown = [frame.picture for frame in source]
        assert numbers(np.rot90(one, 2) for one in shown[:20]) == list(range(20))
        assert numbers(shown[20:]) == list(range(20))
