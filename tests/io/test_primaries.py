"""Primaries that a film states are brought to BT.709's, against published matrices and LittleCMS."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbered
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.io.sources import open_source
from studio.io.sources._colours.primaries import OTHERS, shares, to_bt709
from studio.io.sources._colours.screens import Colours
from studio.io.sources._films.convert import rgb_of

C, D65, DCI, D50 = (0.310, 0.316), (0.3127, 0.3290), (0.314, 0.351), np.array([0.9642, 1.0, 0.8249])
# ITU-T H.273, table 2.
PLACES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}


@pytest.mark.parametrize(
    ("number", "published"),
    [
        # C. Poynton, Digital Video and HD (2012), for EBU Tech. 3213 and SMPTE RP 145; ITU-R BT.2087 for BT.2020.
        (5, [[1.044043, -0.044043, 0], [0, 1, 0], [0, 0.011793, 0.988207]]),
        (6, [[0.939542, 0.050181, 0.010277], [0.017772, 0.965793, 0.016435], [-0.001622, -0.004370, 1.005991]]),
        (9, [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]),
    ],
)
def test_matrices_are_those_that_are_published(number: int, published: list[list[float]]) -> None:
    assert np.abs(to_bt709(number) - published).max() < 6e-5


def profile(number: int) -> ImageCms.ImageCmsProfile:
    """Of these primaries and the exponent 2.4, as ICC has them: adapted to D50 by Bradford's matrix."""

    def xyz(at: tuple[float, float]) -> np.ndarray:
        return np.array([at[0] / at[1], 1, (1 - at[0] - at[1]) / at[1]])

    *three, white = map(xyz, PLACES[number])
    columns = np.stack(three, 1) * np.linalg.solve(np.stack(three, 1), white)
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapted = np.linalg.solve(cones, (cones @ columns) * ((cones @ D50) / (cones @ white))[:, None])
    return ImageCms.ImageCmsProfile(io.BytesIO(matrix_profile(tuple(map(tuple, adapted.T)), 2.4)))


@pytest.mark.parametrize("number", sorted(set(PLACES) - {1}))
def test_colours_are_those_of_littlecms(number: int) -> None:
    assert number in OTHERS
    stored = np.random.default_rng(number).integers(40, 200, (64, 64, 3), np.uint8)
    stored[:8] = np.arange(64)[None, :, None] * 4
    wanted = ImageCms.profileToProfile(Image.fromarray(stored), profile(number), profile(1))
    assert wanted is not None
    found = rgb_of(stored, Colours(number, 1), "knee")
    # LittleCMS works in 16 bits of light, of which dark colours have few.
    lit = np.array(wanted) >= 24
    assert np.abs(found.astype(int) - np.array(wanted))[lit].max() <= 1
    assert found[~lit].max() <= 26
    assert np.abs(found.astype(int) - stored).max() > 4
    # White stays white, and grey grey.
    assert np.array_equal(found[:8], stored[:8])


def test_sixteen_bits_go_the_same_way_as_eight() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (70, 8, 3), np.uint8)
    deep = rgb_of(stored.astype(np.uint16) * 257, Colours(6), "knee")
    assert np.abs(deep / 257 - rgb_of(stored, Colours(6), "knee")).max() <= 0.51


@pytest.mark.parametrize("number", [1, 2, 3, 99])
def test_others_are_taken_as_they_are(number: int) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    assert np.array_equal(rgb_of(stored, Colours(number), "knee"), stored)
    assert shares(number) == pytest.approx((0.2126, 0.0722), abs=5e-5)


def solid(_: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), (60, 180, 90), np.uint8)


@pytest.mark.parametrize(("number", "is_said"), [(5, False), (6, False), (4, True), (1, False)])
def test_a_film_of_television_has_the_colours_that_it_states(tmp_path: Path, number: int, is_said: bool) -> None:
    plain = make_film(tmp_path / "a.mkv", "libx264", count=2, draw=solid, pixels="yuv444p", options={"qp": "0"})
    film = tmp_path / "b.mkv"
    with av.open(str(plain)) as source, av.open(str(film), "w") as sink:
        stream = source.streams.video[0]
        names = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m"}
        copy = sink.add_stream("libx264", rate=25, options={"qp": "0", "x264-params": f"colorprim={names[number]}"})
        copy.width, copy.height, copy.pix_fmt = stream.width, stream.height, "yuv444p"
        for frame in source.decode(stream):
            frame.color_primaries = number
            sink.mux(copy.encode(frame))
        sink.mux(copy.encode(None))
    with open_source(str(plain)) as source:
        stored = next(iter(source)).picture
    with open_source(str(film)) as source:
        shown = next(iter(source)).picture
        assert bool(source.remark) is is_said
    assert np.array_equal(shown, rgb_of(stored, Colours(number), "knee"))
    assert np.array_equal(shown, stored) is (number == 1)
    assert np.abs(stored[0, 0].astype(int) - numbered(0)[0, 0]).max() > 50  # it has a colour


@pytest.mark.parametrize("moves", [False, True])
def test_an_avif_has_the_colours_that_it_states_by_number(tmp_path: Path, moves: bool) -> None:
    flat, out = Image.new("RGB", (64, 48), (128, 180, 128)), io.BytesIO()
    more = {"save_all": True, "append_images": [Image.new("RGB", (64, 48), (60, 180, 90))]} if moves else {}
    flat.save(out, "AVIF", quality=100, subsampling="4:4:4", **more)
    data = out.getvalue()
    (tmp_path / "a.avif").write_bytes(data)
    at = data.index(b"colrnclx") + 8
    (tmp_path / "b.avif").write_bytes(data[:at] + b"\0\x0c" + data[at + 2 :])
    pictures = []
    for name in ("a.avif", "b.avif"):
        with open_source(str(tmp_path / name)) as source:
            pictures.append(next(iter(source)).picture)
            assert ("Display P3" in (source.remark or "")) is (name == "b.avif")
    assert np.array_equal(pictures[1], rgb_of(pictures[0], Colours(12), "knee"))
    assert np.abs(pictures[1].astype(int) - pictures[0]).max() > 10


@pytest.mark.parametrize("moves", [False, True])
def test_high_dynamic_range_of_an_avif_comes_before_its_profile(tmp_path: Path, moves: bool) -> None:
    profile = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2)
    flat, pictures = Image.new("RGB", (64, 48), (128, 180, 128)), []
    more = {"save_all": True, "append_images": [Image.new("RGB", (64, 48), (60, 180, 90))]} if moves else {}
    for beside in (None, profile):
        out = io.BytesIO()
        flat.save(out, "AVIF", quality=100, subsampling="4:4:4", icc_profile=beside, **more)
        data = out.getvalue()
        at = data.index(b"colrnclx") + 8
        pq = data.replace(data[at - 8 : at + 4], data[at - 8 : at] + b"\0\x09\0\x10")
        (tmp_path / "a.avif").write_bytes(data if beside is None else pq)
        with open_source(str(tmp_path / "a.avif")) as source:
            pictures.append(next(iter(source)).picture)
    assert np.array_equal(pictures[1], rgb_of(pictures[0], Colours(9, 16), "knee"))


@pytest.mark.parametrize("number", sorted(OTHERS - {10}))
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_values_are_within_a_level_of_exact_powers(number: int, kind: type, fresh_seed: int) -> None:
    rng, top = np.random.default_rng(fresh_seed), int(np.iinfo(kind).max)
    values = rng.integers(0, top + 1, (40, 300, 4), kind)
    values[:10] //= 40
    values[..., 3] = top
    light = np.clip((values[..., :3] / top) ** 2.4 @ to_bt709(number).T.astype(float), 0, 1)
    found = rgb_of(values, Colours(number, 1), "knee").astype(int)
    assert np.abs(found / top - light ** (1 / 2.4)).max() < (1 / 255 if kind is np.uint8 else 2e-4)
    assert np.abs(found / top - light ** (1 / 2.4)).mean() < (0.3 / 255 if kind is np.uint8 else 1 / 65535)
