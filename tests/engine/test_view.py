"""What is drawn is what the model's pictures say, pixel for pixel, whichever engine it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from helpers import EngineFor, branched_network, identity_network, layer, network, normal, tiny_network

from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.view import ViewPass
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect, channel_grid
from studio.model.networks.picture import Picture, signed_view, to_picture
from studio.model.networks.shape import Array
from studio.model.views.display import GROUND, Colours, DisplayTexture, Drawing, Look, Placement, extent, gap, spot

pytestmark = pytest.mark.gl

Show = Callable[..., DisplayTexture]

MAGENTA = (255, 0, 255)
NEGATIVE, POSITIVE = np.array([70, 150, 255]), np.array([255, 150, 50])


def drawn(
    device: Device,
    shown: DisplayTexture,
    drawing: Drawing,
    placement: Placement,
    look: Look | None = None,
    size: Size | None = None,
    *,
    flipped: bool = False,
) -> Picture:
    context = device.context
    size = size or placement.rect.size
    target = context.framebuffer([context.texture(size.wh, 4)])
    target.clear()
    ViewPass(device).draw(target, shown, drawing, placement, look or Look(), flipped=flipped)
    return np.frombuffer(target.read(components=4), np.uint8).reshape(*size, 4)[:, :, :3]


@pytest.fixture
def shown(device: Device, engine_for: EngineFor) -> Iterator[Show]:
    """Shows a layer that holds just the values given."""
    screens: list[DisplayBuffers] = []

    def show(values: Array, crop: Size | None = None) -> DisplayTexture:
        count = values.shape[0]
        made = network(layer("copy", "Identity", "in"), layer("end", "Identity", "copy"), inputs=[Input("in", count)])
        engine = engine_for(made)
        engine.run({"in": values})
        screens.append(DisplayBuffers(device))
        screens[-1].show(engine, ("copy",), {"copy": crop} if crop else None)
        return screens[-1].front()[0]

    yield show
    for screen in screens:
        screen.close()


def near(found: Picture, wanted: Picture) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 1


def tiles(shape: tuple[int, int, int]) -> Array:
    """Channels of very different strength, one of them nothing."""
    made = normal(*shape) * np.logspace(0, -3, shape[0], dtype=np.float32)[:, None, None]
    made[-1] = 0
    return made


@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 2, 3), (13, 3, 2), (11, 20, 33), (5, 1, 1)])
def test_tiles_are_those_of_signed_view(device: Device, shown: Show, shape: tuple[int, int, int]) -> None:
    values = tiles(shape)
    of = shown(values)
    found = drawn(device, of, "channels", Placement(Rect(0, 0, *extent(of, "channels"))))
    wanted = signed_view(values, np.abs(values).max(axis=(1, 2)))
    # The model's grid has no gaps, and is black where there is no channel.
    between, (height, width) = gap(Size(*shape[1:])), shape[1:]
    columns = wanted.shape[1] // width
    for channel in range(shape[0]):
        row, column = divmod(channel, columns)
        y, x = row * (height + between), column * (width + between)
        near(
            found[y : y + height, x : x + width],
            wanted[row * height : (row + 1) * height, column * width : (column + 1) * width],
        )


def test_gaps_and_places_past_the_last_channel_are_ground(device: Device, shown: Show) -> None:
    of = shown(np.ones((5, 6, 6), np.float32))
    found = drawn(device, of, "channels", Placement(Rect(0, 0, *extent(of, "channels"))))
    ground = np.rint(np.array(GROUND) * 255)

    assert found.shape == (13, 20, 3)
    assert (np.abs(found[6] - ground) <= 1).all()
    assert (np.abs(found[:, 6] - ground) <= 1).all()
    assert (np.abs(found[7:, 14:] - ground) <= 1).all()


@pytest.mark.parametrize("zoom", [1, 3, 8])
def test_enlarged_texels_are_exact_squares(device: Device, shown: Show, zoom: int) -> None:
    values = tiles((5, 4, 6))
    of = shown(values)
    height, width = extent(of, "channels")
    one = drawn(device, of, "channels", Placement(Rect(0, 0, height, width)))
    found = drawn(device, of, "channels", Placement(Rect(0, 0, height * zoom, width * zoom), zoom=zoom))

    np.testing.assert_array_equal(found, one.repeat(zoom, 0).repeat(zoom, 1))


def test_a_placement_moves_and_cuts(device: Device, shown: Show) -> None:
    values = tiles((1, 12, 16))
    of = shown(values)
    whole = drawn(device, of, "channels", Placement(Rect(0, 0, 12, 16)))
    part = Placement(Rect(3, 5, 6, 8), (4.0, 2.0))
    upright = drawn(device, of, "channels", part, size=Size(10, 20))
    upside_down = drawn(device, of, "channels", part, size=Size(10, 20), flipped=True)

    np.testing.assert_array_equal(upright[3:9, 5:13], whole[2:8, 4:12])
    np.testing.assert_array_equal(upside_down[::-1], upright)
    assert not upright[:3].any()
    assert not upright[:, 13:].any()


def test_what_is_shrunk_is_averaged(device: Device, shown: Show) -> None:
    values = np.indices((8, 8)).sum(0)[None].astype(np.float32) % 2 * 2 - 1
    of = shown(values)
    found = drawn(device, of, "channels", Placement(Rect(0, 0, 4, 4), zoom=0.5))

    assert (np.abs(found - (NEGATIVE + POSITIVE) / 2) <= 1).all()


@pytest.mark.parametrize("scaling", ["tile", "all"])
def test_grey_runs_from_the_smallest_to_the_largest(device: Device, shown: Show, scaling: str) -> None:
    values = normal(2, 6, 9)
    values[1] = values[1] * 3 + 5
    of = shown(values)
    look = Look("grey", "all" if scaling == "all" else "tile")
    found = drawn(device, of, "channels", Placement(Rect(0, 0, *extent(of, "channels"))), look)
    for channel, x in ((0, 0), (1, 10)):
        of_all = values if scaling == "all" else values[channel]
        levels = (values[channel] - of_all.min()) / (of_all.max() - of_all.min()) * 255
        near(found[:, x : x + 9], np.rint(levels)[:, :, None].repeat(3, 2).astype(np.uint8))


@pytest.mark.parametrize("colours", ["signed", "grey"])
def test_one_channel_far_beyond_the_others_leaves_them_no_black(device: Device, shown: Show, colours: Colours) -> None:
    values = np.stack([np.full((6, 6), value, np.float32) for value in (*range(4, 19), -390)])
    of = shown(values)
    extend = extent(of, "channels")
    found = drawn(device, of, "channels", Placement(Rect(0, 0, *extend)), Look(colours, "all"))
    roots = np.sqrt(np.abs(values[:, 0, 0]))
    reach = 4 * roots.mean() ** 2
    assert 18 < reach < 390 / 4
    columns = (extend.width + 1) // 7
    for channel, value in enumerate(values[:, 0, 0]):
        row, column = divmod(channel, columns)
        if colours == "signed":
            wanted = np.sqrt(min(abs(value) / reach, 1)) * (NEGATIVE if value < 0 else POSITIVE)
        else:
            wanted = np.full(3, 255 * np.clip((value + reach) / (18 + reach), 0, 1))
        assert np.abs(found[row * 7 + 2, column * 7 + 2] - wanted).max() <= 1, value


def test_what_is_not_a_number_is_loud_and_infinity_is_full(device: Device, shown: Show) -> None:
    values = np.full((1, 8, 16), 0.5, np.float32)
    values[0, :, :4], values[0, :, 4:8], values[0, :, 8:12] = np.nan, np.inf, -np.inf
    of = shown(values)
    found = drawn(device, of, "channels", Placement(Rect(0, 0, 8, 16)))

    assert {tuple(colour) for colour in found[:, :4].reshape(-1, 3)} == {MAGENTA, (64, 0, 64)}
    assert (found[:, 4:8] == POSITIVE).all()
    assert (found[:, 8:12] == NEGATIVE).all()
    assert (found[:, 12:] == POSITIVE).all()


def test_values_near_the_ends_of_float32_keep_their_order(device: Device, shown: Show) -> None:
    values = np.linspace(-3.3e38, 3.3e38, 64, dtype=np.float32).reshape(1, 8, 8)
    of = shown(values)
    grey = drawn(device, of, "channels", Placement(Rect(0, 0, 8, 8)), Look("grey"))

    near(grey[:, :, 0].reshape(-1)[:, None], np.rint(np.arange(64)[:, None] / 63 * 255).astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_is_that_of_to_picture(device: Device, engine_for: EngineFor, channels: int) -> None:
    made = network(layer("out", "Identity", "in"), inputs=[Input("in", channels)])
    engine = engine_for(made)
    values = normal(channels, 9, 14) * 2
    values[0, 1, 1], values[0, 2, 2], values[0, 3, 3] = np.nan, np.inf, -np.inf
    engine.run({"in": values})
    screen = DisplayBuffers(device)
    screen.show(engine, ("out",))
    found = drawn(device, screen.front()[0], "picture", Placement(Rect(0, 0, 9, 14)), Look(nan=False))

    near(found, to_picture(values, made.graph.output_range))
    screen.close()


def test_an_input_is_shown_as_the_picture_that_it_was(device: Device, engine_for: EngineFor) -> None:
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
    made = network(layer("out", "Identity", "in"), inputs=[Input("in", 3, (-1.0, 1.0), mean, std)])
    engine = engine_for(made)
    levels = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.float32)
    fed = (levels / 127.5 - 1 - np.float32(mean)) / np.float32(std)
    engine.run({"in": fed.transpose(2, 0, 1)})
    screen = DisplayBuffers(device)
    screen.show(engine, ("in",))

    near(drawn(device, screen.front()[0], "picture", Placement(Rect(0, 0, 6, 7))), levels.astype(np.uint8))
    screen.close()


def test_a_sheet_has_lines_between_kernels_when_it_is_large(device: Device, engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.run({"input": normal(3, 8, 8)})
    screen = DisplayBuffers(device)
    screen.show(engine, ("enc.weight",))
    sheet = screen.front()[0]
    height, width = extent(sheet, "sheet")
    look = Look(scaling="all")
    small = drawn(device, sheet, "sheet", Placement(Rect(0, 0, height, width)), look)
    large = drawn(device, sheet, "sheet", Placement(Rect(0, 0, height * 8, width * 8), zoom=8), look)
    values = engine.sheet("enc.weight")
    near(small, signed_view(values[None], np.abs(values).max(keepdims=True)[0])[:, :width])

    plain = small.repeat(8, 0).repeat(8, 1)
    differs = (large != plain).any(axis=2)
    lines = np.zeros(differs.shape, bool)
    lines[::32], lines[:, ::32] = True, True
    assert not differs[~lines].any()
    assert (large[lines] == 79).all()
    screen.close()


def test_every_value_is_found_where_it_is_drawn(device: Device, shown: Show) -> None:
    values = normal(11, 5, 7)
    of = shown(values, Size(4, 6))
    wrapped = device.context.external_texture(of.texture, of.size.wh, 4, 0, "f4")
    texels = np.frombuffer(wrapped.read(), np.float32).reshape(*of.size, 4)
    height, width = extent(of, "channels")
    found = np.full((height, width), np.nan, np.float32)
    for y in range(height):
        for x in range(width):
            at = spot(of, "channels", x + 0.5, y + 0.5)
            if at is not None:
                channel, row, column = at.where
                found[y, x] = texels[at.texel[1], at.texel[0], at.lane]
                assert found[y, x] == values[channel, row, column]
    grid = found[~np.isnan(found).all(axis=1)][:, ~np.isnan(found).all(axis=0)]

    np.testing.assert_array_equal(grid, channel_grid(values[:, :4, :6]))
    assert spot(of, "channels", -0.1, 1) is None
    assert spot(of, "channels", width, 1) is None


def test_an_external_texture_is_not_freed_with_its_wrapper(device: Device, engine_for: EngineFor) -> None:
    engine = engine_for(identity_network())
    engine.run({"input": normal(3, 4, 4)})
    screen = DisplayBuffers(device)
    screen.show(engine, ("same",))
    front = screen.front()[0]
    first = drawn(device, front, "channels", Placement(Rect(0, 0, 9, 9)))
    for _ in range(3):
        device.context.gc()
        np.testing.assert_array_equal(drawn(device, front, "channels", Placement(Rect(0, 0, 9, 9))), first)
    screen.close()


def test_a_layer_can_be_had_as_a_picture_of_its_tiles(device: Device, engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 8, 8)})
    screen = DisplayBuffers(device)
    found = {name: screen.picture(engine, name).shape for name in ("join", "enc.weight", "input", "out")}

    assert found == {"join": (26, 35, 3), "enc.weight": (24, 6, 3), "input": (8, 8, 3), "out": (16, 16, 3)}
    screen.close()
