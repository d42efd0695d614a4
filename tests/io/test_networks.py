from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import deep_network, layer, network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_networks import small_network

from studio import paths
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.io._leftovers import beside_of
from studio.io.networks import find_network, list_networks, load_network, save_network
from studio.io.npy import write_npy
from studio.io.opening import find_and_open
from studio.learn.settings import learning
from studio.model.filters.bent import BentTensors
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.ops import operator

Document = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_network(small_network(), tmp_path / "net")
    return tmp_path / "net"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fuzzed") / "net"
    save_network(small_network(), path)
    return path


def rewrite(folder: Path, change: Callable[[Document], object]) -> None:
    document = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    change(document)
    (folder / "network.json").write_text(json.dumps(document), encoding="utf-8")


def assert_same(a: Network, b: Network) -> None:
    assert (a.name, a.description, a.license, a.graph) == (b.name, b.description, b.license, b.graph)
    assert {k: t.tobytes() for k, t in a.tensors.items()} == {k: t.tobytes() for k, t in b.tensors.items()}
    assert a.sha256() == b.sha256()


def test_round_trip(folder: Path) -> None:
    assert_same(load_network(folder), small_network())
    assert_same(load_network(folder / "network.json"), small_network())
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "dec.bias.npy",
        "dec.weight.npy",
        "enc.1.bias.npy",
        "enc.1.weight.npy",
        "network.json",
        "norm.bias.npy",
        "norm.running_mean.npy",
        "norm.running_var.npy",
        "norm.weight.npy",
    ]


def test_saving_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_network(load_network(folder), tmp_path / "again")
    for entry in folder.iterdir():
        assert entry.read_bytes() == (tmp_path / "again" / entry.name).read_bytes()


def test_a_layer_takes_one_line(folder: Path) -> None:
    text = (folder / "network.json").read_text(encoding="utf-8")
    assert sum('"op":' in line for line in text.splitlines()) == 4
    assert text.endswith("}\n")


def test_layers_may_come_in_any_order_and_defaults_may_be_left_out(folder: Path) -> None:
    def change(document: Document) -> None:
        document["layers"].reverse()
        del document["layers"][0]["params"]["padding"]
        del document["description"]

    rewrite(folder, change)
    assert load_network(folder).graph == small_network().graph


def test_a_branching_network(tmp_path: Path) -> None:
    nodes = (Node("relu", operator("ReLU")(), ("a",)), Node("sum", operator("Add")(), ("relu", "b")))
    network = Network("two", Graph((Input("a", 1, (-1.0, 1.0)), Input("b", 1)), nodes, "sum"), {})
    save_network(network, tmp_path / "two")
    assert load_network(tmp_path / "two") == network


def test_saving_replaces_the_tensors_and_keeps_the_licence(folder: Path) -> None:
    (folder / "LICENSE").write_text("terms", encoding="utf-8")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("note", encoding="utf-8")
    write_npy(folder / "mask.npy", np.zeros(1, np.float32))
    save_network(deep_network(1), folder)
    assert not any(folder.glob("norm.*")), "the tensors of the network before go"
    save_network(small_network(seed=5), folder)
    assert_same(load_network(folder), small_network(seed=5))
    assert (folder / "LICENSE").read_text(encoding="utf-8") == "terms"
    assert (folder / "notes" / "a.txt").read_text(encoding="utf-8") == "note"
    assert (folder / "mask.npy").exists(), "no network.json has ever told of it: it is somebody else's"


def test_saving_over_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StudioError, match="holds other files and is no network"):
        save_network(small_network(), tmp_path / "letters")
    (tmp_path / "empty").mkdir()
    save_network(small_network(), tmp_path / "empty")
    assert_same(load_network(tmp_path / "empty"), small_network())


@pytest.mark.parametrize(("momentum", "said"), [(0.1, {}), (0.03, {"momentum": 0.03}), (0.0, {"momentum": 0.0})])
def test_what_needs_nothing_newer_is_written_for_older_studios(momentum: float, said: Document, tmp_path: Path) -> None:
    norm = operator("BatchNorm2d").model_validate({"num_features": 1, "momentum": momentum})
    graph = Graph((Input("x", 1),), (Node("a", norm, ("x",)),), "a")
    network = Network("n", graph, {name: np.ones(1, np.float32) for name in graph.tensor_shapes})
    save_network(network, tmp_path / "n")
    written = json.loads((tmp_path / "n" / "network.json").read_text())["layers"][0]["params"]
    assert written == {"num_features": 1, "eps": 1e-5, "affine": True, **said}
    assert load_network(tmp_path / "n").graph == graph


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_that_cannot_be_read_again_is_not_saved(folder: Path, value: float) -> None:
    bad = small_network().with_tensors({"norm.bias": np.full(4, value, np.float32)})
    with pytest.raises(StudioError, match=r'tensor "norm\.bias": 4 of 4 values are NaN or infinite'):
        save_network(bad, folder)
    assert_same(load_network(folder), small_network())
    assert [entry.name for entry in folder.parent.iterdir()] == ["net"]


@pytest.mark.parametrize("name", ["a/b", "..", ".a", "a b", "ä", "", "CON", "aux.1", "a" * 121, "a\\b", "a\n"])
def test_names_that_no_file_can_have(folder: Path, name: str, tmp_path: Path) -> None:
    def rename(document: Document) -> None:
        document["layers"][0]["name"] = name
        document["layers"][1]["inputs"] = [name]

    rewrite(folder, rename)
    with pytest.raises(StudioError, match=r'network\.json: the field "layers\[0\]\.name" (may|should)'):
        load_network(folder)
    relu = Node(name, operator("ReLU")(), ("input",))
    with pytest.raises(StudioError, match='The network "n" cannot be saved: the field'):
        save_network(Network("n", Graph((Input("input"),), (relu,), name), {}), tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    norm = operator("BatchNorm2d").model_validate({"num_features": 1})
    graph = Graph((Input("x", 1),), (Node("a", norm, ("x",)), Node("A", norm, ("a",))), "A")
    network = Network("n", graph, {name: np.ones(1, np.float32) for name in graph.tensor_shapes})
    with pytest.raises(StudioError, match="differ in case alone"):
        save_network(network, tmp_path / "n")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(version=2), r"network\.json: this was made by a later version of the studio; update"),
        (lambda d: d.update(version=0), 'the field "version" must be a whole number from 1 to 1'),
        (lambda d: d.update(version=True), 'the field "version"'),
        (lambda d: d.pop("version"), 'the field "version"'),
        (lambda d: d.update(format="x"), 'does not say "format": "studio-network"'),
        (lambda d: d.pop("output"), 'the field "output" is missing'),
        (lambda d: d.update(extra=1), 'the field "extra" is not one that belongs there'),
        (lambda d: d.update(inputs=[]), "has no input"),
        (lambda d: d["inputs"][0].update(channels=0), r'"inputs\[0\]\.channels" should be greater than or equal to 1'),
        (lambda d: d["inputs"][0].update(range=[1, 0]), r'"inputs\[0\]\.range" must give a smaller number'),
        (lambda d: d["output"].update(layer="nowhere"), 'names "nowhere" as its output'),
        (
            lambda d: d["layers"][0].update(op="Melt"),
            r'Layer "enc\.1" \(Melt\): There is no operator "Melt"; there are',
        ),
        (
            lambda d: d["layers"][0]["params"].pop("kernel_size"),
            r'Layer "enc\.1" \(Conv2d\): .*"kernel_size" is missing',
        ),
        (
            lambda d: d["layers"][0]["params"].update(stride=[0, 1]),
            r'"enc\.1" \(Conv2d\): the field "stride\[0\]" should',
        ),
        (lambda d: d["layers"][0]["params"].update(groups=2), r'Layer "enc\.1" \(Conv2d\): 2 groups do not divide'),
        (lambda d: d["layers"][0]["params"].update(odd=1), 'the field "odd" is not one that belongs'),
        (lambda d: d["layers"][0].update(inputs=["x"]), 'reads "x", which does not exist'),
        (lambda d: d["layers"][0].update(inputs=["dec"]), "in a circle"),
        (lambda d: d["layers"][1].update(name="enc.1"), r'called "enc\.1"'),
        (lambda d: d["layers"].extend(d["layers"] * 600), r'"layers" should have at most 2048 items'),
        (lambda d: d.update(description="two\nlines"), '"description" must be a single line'),
        (lambda d: d["layers"][0].update(name="other"), r'reads "enc\.1", which does not exist'),
    ],
)
def test_wrong_fields_are_named(folder: Path, change: Callable[[Document], object], sentence: str) -> None:
    rewrite(folder, change)
    with pytest.raises(StudioError, match=sentence) as caught:
        load_network(folder)
    assert str(folder / "network.json") in str(caught.value)


def test_missing_damaged_and_straying_tensors(folder: Path) -> None:
    weight = folder / "dec.weight.npy"
    write_npy(weight, np.zeros((4, 3, 2, 1), np.float32))
    with pytest.raises(StudioError, match=r"dec\.weight\.npy: the array has shape .* but \(4, 3, 2, 2\) is needed"):
        load_network(folder)
    weight.unlink()
    with pytest.raises(StudioError, match=r'the tensor "dec\.weight" has no file dec\.weight\.npy beside it'):
        load_network(folder)
    write_npy(folder.parent / "secret.npy", np.zeros((4, 3, 2, 2), np.float32))
    weight.symlink_to(folder.parent / "secret.npy")
    with pytest.raises(StudioError, match="leads out of"):
        load_network(folder)
    weight.unlink()
    weight.symlink_to(weight)
    with pytest.raises(StudioError, match="has no file"):
        load_network(folder)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"format": "studio-network", "version": 1, "name": "\\ud800"}',
    ],
)
def test_what_is_no_manifest(folder: Path, text: bytes) -> None:
    (folder / "network.json").write_bytes(text)
    with pytest.raises(StudioError, match=r"network\.json"):
        load_network(folder)


def test_a_huge_manifest_is_not_read(folder: Path) -> None:
    with (folder / "network.json").open("r+b") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(StudioError, match=r"has 17\.0 MiB, but at most 16 are read"):
        load_network(folder)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"nowhere.network\.json does not exist"):
        load_network(tmp_path / "nowhere")


def test_a_folder_whose_saving_was_killed_is_found_again(folder: Path) -> None:
    folder.rename(beside_of(folder, "old"))
    assert [card.name for card in list_networks(folder.parent)] == ["net"]
    folder.rename(beside_of(folder, "old"))
    assert_same(load_network(folder), small_network())


def test_list_and_find(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WEIGHTS", folder.parent)
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "network.json").write_text("{", encoding="utf-8")
    (folder.parent / "__pycache__").mkdir()
    broken, whole = list_networks()
    assert (whole.name, whole.title, whole.description, whole.license) == ("net", "small net", "one line", "CC0-1.0")
    assert (whole.path, whole.problem) == (folder, "")
    assert broken.name == "broken"
    assert "no valid JSON" in broken.problem
    assert find_network("net") == folder
    assert find_network(str(folder)) == folder
    assert find_network(str(folder / "network.json")) == folder
    for name in ("nothing", "", "../weights/net", "x" * 5000, "\0", str(folder / "dec.weight.npy")):
        with pytest.raises(StudioError, match="nor one of broken, net"):
            find_network(name)


def test_nothing_is_said_to_be_there_where_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("PRESETS", "WEIGHTS"):
        monkeypatch.setattr(paths, home, tmp_path / home)
    names = "a path names a folder with a preset.json or a network.json."
    with pytest.raises(StudioError) as told:
        find_and_open("nothing")
    assert str(told.value) == f'There is no preset or network "nothing". A{names[1:]}'
    (tmp_path / "WEIGHTS").mkdir()
    save_network(small_network(), tmp_path / "WEIGHTS" / "one")
    with pytest.raises(StudioError) as told:
        find_and_open("nothing")
    assert str(told.value) == f'There is no preset or network "nothing". The network is one; {names}'
    save_network(small_network(), tmp_path / "WEIGHTS" / "two")
    with pytest.raises(StudioError, match=r"\. The networks are one, two; a path"):
        find_and_open("nothing")
    bare = network(layer("a", "ReLU", "input"))
    for ask in (lambda: BentTensors(bare, {})["a.weight"], lambda: TorchEngine(bare).tensor("a.weight")):
        with pytest.raises(StudioError, match=r"this network has none\."):
            ask()
    with pytest.raises(StudioError, match=r"there are none\."):
        learning(bare.graph, ("a*",), ())


def test_find_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WEIGHTS", tmp_path / "missing")
    assert list_networks() == []
    with pytest.raises(StudioError, match="where there are none"):
        find_network("net")


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["..", "input"])
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


@pytest.mark.long
@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation_gives_a_network_or_a_sentence(fuzzed: Path, data: st.DataObject) -> None:
    manifest = fuzzed / "network.json"
    whole = manifest.read_bytes()
    document = json.loads(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(document, data)
    try:
        manifest.write_text(json.dumps(document), encoding="utf-8")
        load_or_sentence(fuzzed)
    finally:
        manifest.write_bytes(whole)


@pytest.mark.long
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_damage_to_the_bytes_gives_a_network_or_a_sentence(fuzzed: Path, data: st.DataObject) -> None:
    manifest = fuzzed / "network.json"
    whole = manifest.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    try:
        manifest.write_bytes(damaged)
        load_or_sentence(fuzzed)
    finally:
        manifest.write_bytes(whole)


def mutate(place: Any, data: st.DataObject) -> None:
    """Replace, remove or add something at a random depth."""
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and data.draw(st.booleans()):
            place = place[key]
            continue
        if data.draw(st.booleans()):
            place[key] = data.draw(values)
        else:
            del place[key]
        return


def load_or_sentence(folder: Path) -> None:
    try:
        network = load_network(folder)
    except StudioError as error:
        sentence = str(error)
    else:
        save_network(network, folder.parent / "again")
        assert_same(load_network(folder.parent / "again"), network)
        return
    assert str(folder) in sentence
    assert os.linesep not in sentence
    assert len(sentence) < 1000
