"""The sheet of all layers: every one is on it, labelled, and it is written whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import EngineFor, branched_network, identity_network, layer, network, normal, picture, tiny_network

from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import to_tensor
from studio.runtime.live import contact_sheet
from studio.runtime.live.contact_sheet import LONGEST, Thumbnail, compose, grab, write_sheet

pytestmark = pytest.mark.gl


def test_every_input_and_layer_has_a_picture_and_a_label(engine_for: EngineFor, device: Device, tmp_path: Path) -> None:
    engine, screen = engine_for(branched_network()), DisplayBuffers(device)
    engine.run({"input": normal(3, 20, 24)})
    assert write_sheet(engine, screen, tmp_path / "sheet.png").result(20) == tmp_path / "sheet.png"
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    thumbnails = grab(engine, screen, {})
    assert [each.name for each in thumbnails] == ["input", *(node.name for node in engine.graph.nodes)]
    assert [tuple(thumbnail.shape) for thumbnail in thumbnails] == [
        tuple(engine.shape(thumbnail.name)) for thumbnail in thumbnails
    ]
    np.testing.assert_array_equal(sheet[:, :, ::-1], compose(thumbnails))
    for k in range(len(thumbnails)):
        fewer = [*thumbnails[:k], Thumbnail("", thumbnails[k].shape, thumbnails[k].picture), *thumbnails[k + 1 :]]
        assert (compose(fewer) != sheet[:, :, ::-1]).any(), f"{thumbnails[k].name} has no label"
    screen.close()


def test_an_input_is_shown_as_the_picture_that_it_was(engine_for: EngineFor, device: Device) -> None:
    given = Input("input", 3, (-1.0, 1.0), (0.2, 0.0, -0.1), (0.5, 0.25, 0.7))
    same = network(layer("same", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1), inputs=[given])
    engine, screen = engine_for(same), DisplayBuffers(device)
    shown = picture(40, 30)
    engine.run({"input": to_tensor(shown, 3, given.range, given.mean, given.std)})
    whole, cropped = (grab(engine, screen, crops)[0].picture for crops in ({}, {"input": Size(33, 21)}))
    np.testing.assert_allclose(whole.astype(int), shown, atol=1)
    np.testing.assert_allclose(cropped.astype(int), shown[:33, :21], atol=1)
    screen.close()


def test_the_output_is_shown_as_a_picture(engine_for: EngineFor, device: Device) -> None:
    engine, screen = engine_for(identity_network()), DisplayBuffers(device)
    shown = picture(24, 24)
    engine.run({"input": to_tensor(shown, 3, (0.0, 1.0))})
    np.testing.assert_allclose(grab(engine, screen, {})[-1].picture.astype(int), shown, atol=1)
    screen.close()


def test_what_is_wrong_is_said_and_what_stood_there_stays(
    device: Device, engine_for: EngineFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, screen = engine_for(tiny_network()), DisplayBuffers(device)
    with pytest.raises(StudioError, match="before the first run"):
        write_sheet(engine, screen, tmp_path / "sheet.png")
    engine.run({"input": normal(3, 16, 16)})
    with pytest.raises(StudioError, match="does not exist"):
        write_sheet(engine, screen, tmp_path / "nowhere" / "sheet.png")
    (tmp_path / "sheet.png").write_bytes(b"old")

    def full(path: Path, data: bytes) -> None:
        raise StudioError(f"cannot write {path}: {len(data)} bytes are too many")

    monkeypatch.setattr(contact_sheet, "write_free", full)
    with pytest.raises(StudioError, match="too many"):
        write_sheet(engine, screen, tmp_path / "sheet.png").result(20)
    assert (tmp_path / "sheet.png").read_bytes() == b"old"
    screen.close()


def test_pictures_are_put_together_outside_the_calling_thread(
    device: Device, engine_for: EngineFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, screen = engine_for(tiny_network()), DisplayBuffers(device)
    engine.run({"input": normal(3, 16, 16)})
    threads = []

    def noting(thumbnails: list[Thumbnail]) -> np.ndarray:
        threads.append(threading.current_thread())
        return compose(thumbnails)

    monkeypatch.setattr(contact_sheet, "compose", noting)
    write_sheet(engine, screen, tmp_path / "sheet.png").result(20)
    assert threads
    assert threading.current_thread() not in threads
    screen.close()


def test_long_names_stay_in_their_column() -> None:
    long = Thumbnail("encoder.stage.block." * 10 + "conv", (3, 4, 4), np.zeros((4, 4, 3), np.uint8))  # type: ignore[arg-type]
    short = Thumbnail("", (3, 4, 4), np.zeros((4, 4, 3), np.uint8))  # type: ignore[arg-type]
    both = compose([long, short])
    np.testing.assert_array_equal(both[:, 14 + LONGEST + 14 :], compose([short, short])[:, 14 + LONGEST + 14 :])
