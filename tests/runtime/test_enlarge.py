"""Pictures larger than the network works: by the restorer, by the network, in tiles and whole, from the window too."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, on_torch, tiny_network

from studio.errors import StudioError
from studio.io.resize import resized
from studio.model.bends.stage import ChannelList
from studio.model.declared.size import Size
from studio.model.networks.preset import Preset
from studio.runtime.render.enlarge import ByNetwork, Restorer, checked, still_by_network, still_by_restorer
from studio.runtime.render.frame_runner import FrameRunner


def photo(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    rough = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("times", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_restorer_gives_the_same_picture_so_many_times_as_large(times: int, dtype: type) -> None:
    picture = photo(40, 56).astype(dtype) * (257 if dtype is np.uint16 else 1)
    restorer = Restorer(times)
    found = restorer(picture)
    restorer.close()
    assert (found.shape, found.dtype) == ((40 * times, 56 * times, 3), np.dtype(dtype))
    scale = 65535 if dtype is np.uint16 else 255
    back = cv2.resize(found, (56, 40), interpolation=cv2.INTER_AREA).astype(float) / scale
    assert np.abs(back - picture / scale).mean() < 0.03


def test_it_is_sharper_than_by_interpolation_alone() -> None:
    sharp = photo(64, 64)
    small = cv2.resize(sharp, (32, 32), interpolation=cv2.INTER_AREA)
    plain = resized(small, Size(64, 64))
    restorer = Restorer(2)
    found = restorer(small)
    restorer.close()
    edges = [float(np.abs(cv2.Laplacian(image.astype(np.float32), -1)).mean()) for image in (plain, found)]
    assert edges[1] > edges[0]


def test_by_the_network_tiles_are_what_the_whole_is() -> None:
    runner = FrameRunner(on_torch(tiny_network()))
    picture = photo(96, 128)
    np.testing.assert_array_equal(ByNetwork(runner, 32)(picture), runner(picture))
    np.testing.assert_array_equal(ByNetwork(runner)(picture), runner(picture))


def test_a_network_that_looks_at_the_whole_is_refused_with_what_to_do() -> None:
    norm = network(layer("norm", "InstanceNorm2d", "input", num_features=3), name="whole")
    with pytest.raises(StudioError, match="use the restorer"):
        ByNetwork(FrameRunner(on_torch(norm)), 64)(photo(96, 96))


def test_stills_are_written_beside_what_is_there(tmp_path: Path) -> None:
    from studio.bends import registry
    from studio.model.documents.document import Document

    document = Document(Preset("p", tiny_network(), {}))
    document.add_stage("enc", registry()["Multiply"](factor=0.0), channels=ChannelList(channels=(0, 1)))
    picture, path = photo(48, 64), tmp_path / "still.png"
    first = still_by_network(document.preset(), picture, "demo", 0.0, "32", 2, path)
    assert first == path
    found = cv2.imread(str(first))[:, :, ::-1]
    engine = on_torch(tiny_network())
    engine.set_stages(document.stages)
    np.testing.assert_array_equal(found, FrameRunner(engine)(resized(picture, Size(48, 64))))
    second = still_by_restorer(picture, 2, path)
    assert second != path
    assert cv2.imread(str(second)).shape == (96, 128, 3)


def test_what_is_not_offered_is_said() -> None:
    with pytest.raises(StudioError, match="2 or 4 times"):
        checked(3, "restorer")
    with pytest.raises(StudioError, match="restorer or network"):
        checked(2, "magic")
