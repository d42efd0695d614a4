"""What is given of a stage from Python: understood, or refused in a sentence, and the picture goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from helpers import picture, tiny_network

from studio.api import LiveNetwork
from studio.bends import make_bend
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import AllChannels, ChannelList, Cluster, Guard, Luma, Painted
from studio.model.networks.shape import Shape

PICTURE = picture(16, 12)


@pytest.fixture
def net() -> Iterator[LiveNetwork]:
    with LiveNetwork(tiny_network(), engine="torch") as made:
        yield made


@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        (None, AllChannels()),
        ([], ChannelList()),
        ({1, 2}, ChannelList(channels=(1, 2))),
        (np.array([3, 1]), ChannelList(channels=(3, 1))),
        (np.array([True, False, False, False, False, True]), ChannelList(channels=(0, 5))),
        (Cluster("act", "sky", (2, 4)), ChannelList(channels=(2, 4), name="sky")),
    ],
)
def test_channels_come_as_they_are_at_hand(net: LiveNetwork, channels: Any, wanted: object) -> None:
    assert net["enc"].bend(make_bend("Invert", {}), channels=channels).channels == wanted


def test_masks_and_guards_come_as_they_are_at_hand(net: LiveNetwork) -> None:
    invert = make_bend("Invert", {})
    painted = net["enc"].bend(invert, mask=[[0, 1], [1, 0]], guard="norm")
    assert painted.guard == Guard(kind="norm")
    assert isinstance(painted.mask, Painted)
    assert painted.mask.values.dtype == np.float32
    assert net["enc"].bend(invert, mask="input").mask == Luma(source="input")
    assert net["enc"].bend(invert, amount=np.float32(0.5)).amount == 0.5
    net(PICTURE)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"channels": [6]}, "Channel 6 is not among 0 to 5"),
    ({"channels": [-1]}, "Channel -1 is not among 0 to 5"),
    ({"channels": [1.5]}, r"\[1\.5\] are no channels; give their numbers"),
    ({"channels": 5}, "5 are no channels"),
    ({"channels": np.ones(5, bool)}, r"Channels as booleans are 6, one for each channel, not \(5,\)"),
    ({"channels": Cluster("dec", "sky", (2,))}, "The cluster is of dec, which has 3 channels; enc has 6"),
    ({"channels": "sky"}, 'enc has no cluster "sky"'),
    ({"mask": np.ones((3, 4, 4))}, r"A mask is an array of \(height, width\), not \(3, 4, 4\)"),
    ({"mask": np.full((4, 4), 255, np.uint8)}, "A mask holds numbers from 0 to 1, not 255 to 255; scale it"),
    ({"mask": np.full((4, 4), np.nan)}, "some that are not finite"),
    ({"mask": [[1], [1, 2]]}, "A mask is an array of"),
    ({"mask": "nowhere"}, 'no layer or input "nowhere" to take a map from; there are input, enc'),
    ({"amount": "x"}, "its amount goes from 0 to 1, not 'x'"),
    ({"amount": float("nan")}, "its amount goes from 0 to 1, not nan"),
    ({"guard": "strong"}, "'strong' is no guard; there are none, finite, deviation, norm"),
    ({"bend": "Invert"}, r"'Invert' is no bend; make one by studio\.bend"),
    ({"bend": make_bend("FromLayer", {})}, "takes the map of another layer; say which"),
    ({"bend": make_bend("FromLayer", {}), "source": "dec"}, "which is made from what it bends"),
]


@pytest.mark.parametrize(("asked", "words"), WRONG)
def test_what_is_wrong_is_a_sentence_and_the_picture_goes_on(net: LiveNetwork, asked: Any, words: str) -> None:
    before = net(PICTURE)
    with pytest.raises(StudioError, match=words):
        net["enc"].bend(**({"bend": make_bend("Invert", {})} | asked))
    assert net["enc"].bends == ()
    np.testing.assert_array_equal(net(PICTURE), before)


class Broken(Bend):
    """A plug-in's bend that fails where it is asked whether it fits."""

    label, shader = "Broken", "ablate"

    def check(self, shape: Shape) -> None:
        raise KeyError(shape)


def test_a_bend_that_fails_otherwise_leaves_all_as_it_was(net: LiveNetwork) -> None:
    net["enc"].bend(make_bend("Invert", {}))
    before = net(PICTURE)
    with pytest.raises(KeyError):
        net["act"].bend(Broken())
    assert len(net.stages) == 1
    np.testing.assert_array_equal(net(PICTURE), before)


def test_what_is_found_on_a_run_says_so_before_there_was_one(net: LiveNetwork) -> None:
    for ask in (net["enc"].clusters, net["enc"].impact):
        with pytest.raises(StudioError, match='"enc" has no activation before the first run'):
            ask()
    net(PICTURE)
    for count in (0, 7, "x", 1.5):
        with pytest.raises(StudioError, match="enc has 6 channels; choose 1 to 6 clusters"):
            net["enc"].clusters(count)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match='"loud" is no way to measure channels; there are ablate, scale'):
        net["enc"].impact("loud")  # type: ignore[arg-type]
