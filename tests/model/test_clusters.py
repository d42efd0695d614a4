"""Clusters of channels as a preset keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import tiny_network

from studio.errors import StudioError
from studio.io.presets import load_preset, save_preset
from studio.model.bends.clusters import CLUSTERS, kept, named, of_layer, without
from studio.model.bends.stage import ChannelList, Cluster
from studio.model.networks.preset import Preset

SKY, SEA = Cluster("enc", "sky", (1, 4)), Cluster("dec", "sky", (0,))


def test_they_are_kept_replaced_in_their_place_found_and_dropped() -> None:
    both = kept(kept((), "enc", "sky", (4, 1, 4)), "dec", " sky", (0,))
    assert both == (SKY, SEA)
    again = kept(both, "enc", "sky", (2,))
    assert again == (Cluster("enc", "sky", (2,)), SEA)
    assert of_layer(both, "dec") == (SEA,)
    assert named(both, "enc", "sky") == ChannelList(channels=(1, 4), name="sky")
    assert without(both, "enc", "sky") == (SEA,)
    with pytest.raises(StudioError, match='enc has no cluster "sea"; kept with the preset are "sky"'):
        named(both, "enc", "sea")
    with pytest.raises(StudioError, match="are none"):
        named((), "enc", "sea")


@pytest.mark.parametrize("name", ["", "  ", "12", "a*b", "a,b", "a=b", "a@b", "x" * 61, "a\nb"])
def test_a_name_that_names_none_is_refused(name: str) -> None:
    with pytest.raises(StudioError, match="cannot name a cluster"):
        kept((), "enc", name, (1,))


def test_a_cluster_without_channels_is_refused() -> None:
    with pytest.raises(StudioError, match="has no channels"):
        kept((), "enc", "sky", ())


def test_presets_hold_them(tmp_path: Path) -> None:
    save_preset(Preset("kept", tiny_network(), {}).with_section(CLUSTERS, (SKY, SEA)), tmp_path / "kept")
    assert load_preset(tmp_path / "kept").section(CLUSTERS) == (SKY, SEA)
    path = tmp_path / "kept" / "preset.json"
    said = json.loads(path.read_text("utf-8"))
    assert said["clusters"][0] == {"layer": "enc", "name": "sky", "channels": [1, 4]}
    for wrong, words in (
        ({"layer": "nose", "name": "a", "channels": [1]}, 'the layer "nose", which there is not'),
        ({"layer": "enc", "name": "7", "channels": [1]}, "cannot name a cluster"),
        ({"layer": "enc", "name": "a", "channels": []}, "clusters"),
        ({"layer": "enc", "name": "a", "channels": [-1]}, "clusters"),
        (said["clusters"][0], 'two clusters of enc are called "sky"'),
    ):
        path.write_text(json.dumps(said | {"clusters": [said["clusters"][0], wrong]}), "utf-8")
        with pytest.raises(StudioError, match=words):
            load_preset(tmp_path / "kept")
