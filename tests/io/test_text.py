"""Text files in other codings than UTF-8, and files that are no text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.network_bending import read_clusters, read_transforms
from studio.io.networks import load_network, save_network
from studio.io.performances import load_performance
from studio.io.text import text_of

TRANSFORMS = "transforms: # très bon 网络\n- {layer: 1, transform: invert, features: all}\n"
GRAPH = tiny_network().graph

Read = Callable[[Path], object]


def transforms(path: Path) -> object:
    return read_transforms(path, GRAPH, None, print)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_read_in_every_coding_that_says_itself(coding: str, tmp_path: Path) -> None:
    path = tmp_path / "bends.yaml"
    path.write_bytes(TRANSFORMS.encode(coding))
    assert text_of(path.read_bytes(), path) == TRANSFORMS
    [asked] = read_transforms(path, GRAPH, None, print)
    assert (asked.layer, asked.bend) == ("enc", make_bend("Invert", {}))
    path.write_bytes("1:\n- {cluster_index: 0, feature_index: 3}\n".encode(coding))
    assert read_clusters(path) == {1: {0: (3,)}}


@pytest.mark.parametrize("read", [transforms, read_clusters])
@pytest.mark.parametrize(
    ("data", "at"),
    [(bytes(range(256)), 128), (b"transforms: caf\xe9\n", 15), ("a: b".encode("utf-16-le"), 1), (b"\xff\xfea", 2)],
)
def test_what_is_no_text_is_refused_in_words(read: Read, data: bytes, at: int, tmp_path: Path) -> None:
    path = tmp_path / "bends.yaml"
    path.write_bytes(data)
    with pytest.raises(StudioError) as said:
        read(path)
    assert str(said.value) == f"{path} is no text from byte {at} on; choose another file, or save this one as UTF-8."


@pytest.mark.parametrize("read", [transforms, read_clusters, load_performance])
def test_a_folder_and_what_is_missing_are_no_files(read: Read, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is a folder or a device, not a file; give a file"):
        read(tmp_path)
    with pytest.raises(StudioError, match=r"nowhere\.yaml does not exist; check the name"):
        read(tmp_path / "nowhere.yaml")


def test_a_manifest_in_another_coding_is_read_or_refused_in_words(tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "tiny")
    manifest = tmp_path / "tiny" / "network.json"
    text = manifest.read_text("utf-8")
    for coding in ("utf-8-sig", "utf-16"):
        manifest.write_bytes(text.encode(coding))
        assert load_network(tmp_path / "tiny").graph == GRAPH
    manifest.write_bytes(text.encode().replace(b'"tiny"', b'"caf\xe9"'))
    with pytest.raises(StudioError) as said:
        load_network(tmp_path / "tiny")
    assert "is no text from byte " in str(said.value)
    assert "codec" not in str(said.value)
