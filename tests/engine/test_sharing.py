"""A layer used several times: one filter sheet, every use of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import EngineFor, layer, network, normal, random_tensors, relative_error

from studio.api import LiveNetwork
from studio.cli import app
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node

CONV = {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 1}
PICTURE = normal(3, 9, 7)


def shared(*, own: bool = False) -> Network:
    """Three convolutions with an activation between; the second and third use the tensors of the last."""
    first = layer("first", "Conv2d", "input", **CONV)
    nodes = (
        replace(first, tensors_of=None if own else "third"),
        layer("act", "ReLU", "first"),
        replace(layer("second", "Conv2d", "act", **CONV), tensors_of=None if own else "third"),
        layer("third", "Conv2d", "second", **CONV),
    )
    return network(*nodes)


def unshared(made: Network) -> Network:
    """The same arithmetic with a copy of the tensors for each use."""
    apart = shared(own=True)
    return apart.with_tensors(
        {name: made.tensors[f"third.{name.partition('.')[2]}"].copy() for name in apart.graph.tensor_shapes}
    )


def test_shared_tensors_are_listed_once_under_their_owner() -> None:
    assert list(shared().graph.tensor_shapes) == ["third.weight", "third.bias"]
    assert shared().graph.users("third") == {"first", "second", "third"}


def test_every_use_computes_with_the_one_sheet(engine_for: EngineFor) -> None:
    engine, apart = engine_for(shared()), engine_for(unshared(shared()))
    for each in (engine, apart):
        each.run({"input": PICTURE})

    np.testing.assert_array_equal(engine.output(), apart.output())


def test_an_edit_makes_every_user_stale(engine_for: EngineFor) -> None:
    engine = engine_for(shared())
    engine.run({"input": PICTURE})
    weight = normal(3, 3, 3, 3, seed=5)
    engine.set_tensor("third.weight", weight)

    assert engine.update() == ("first", "act", "second", "third")

    fresh = engine_for(unshared(shared().with_tensors({"third.weight": weight})))
    fresh.run({"input": PICTURE})
    assert relative_error(engine.output(), fresh.output()) <= 1e-6


def test_the_interface_reaches_the_sheet_from_every_user() -> None:
    live = LiveNetwork(shared(), engine="torch")
    weight = normal(3, 3, 3, 3, seed=6)

    live["first"].filter = weight

    np.testing.assert_array_equal(live["third"].filter, weight)
    np.testing.assert_array_equal(live["second"].tensor("weight"), weight)


def test_a_file_keeps_who_shares_with_whom(tmp_path: Path) -> None:
    save_network(shared(), tmp_path / "net")
    layers = json.loads((tmp_path / "net/network.json").read_text("utf-8"))["layers"]

    assert [row.get("tensors_of") for row in layers] == ["third", None, "third", None]
    assert sorted(file.name for file in (tmp_path / "net").glob("*.npy")) == ["third.bias.npy", "third.weight.npy"]
    again = load_network(tmp_path / "net")
    assert again.graph == shared().graph
    assert again.sha256() == shared().sha256()


def test_a_network_without_sharing_is_written_and_hashed_as_before(tmp_path: Path) -> None:
    save_network(shared(own=True), tmp_path / "net")

    assert "tensors_of" not in (tmp_path / "net/network.json").read_text("utf-8")
    # The digest of this graph as it was before layers could share.
    plain = Network("n", Graph((Input("input"),), (layer("act", "ReLU", "input"),), "act"), {})
    assert plain.sha256() == "cc7113259339219509138dde6cb0f2ba798ac315cd0890af1e3b8e9feff8a972"


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("nobody", r'^Layer "user" \(Conv2d\) uses the tensors of "nobody", which does not exist\.$'),
        ("act", "another operator or other parameters"),
        ("wider", "another operator or other parameters"),
        ("other", 'has none of its own; name "conv" instead'),
        ("user", "has none of its own"),
    ],
)
def test_tensors_that_cannot_be_shared_are_refused(owner: str, words: str) -> None:
    nodes: list[Node] = [
        layer("conv", "Conv2d", "input", **CONV),
        layer("act", "ReLU", "conv"),
        layer("wider", "Conv2d", "input", **{**CONV, "padding": 2}),
        replace(layer("other", "Conv2d", "act", **CONV), tensors_of="conv"),
        replace(layer("user", "Conv2d", "other", **CONV), tensors_of=owner),
    ]
    with pytest.raises(StudioError, match=words):
        Graph((Input("input"),), tuple(nodes), "user")


def test_random_tensors_are_made_once() -> None:
    assert random_tensors(shared().graph).keys() == {"third.weight", "third.bias"}


def test_info_counts_shared_tensors_once_and_says_whose_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_network(shared(), tmp_path / "net")

    app(["info", str(tmp_path / "net"), "--json"], standalone_mode=False)
    layers = {row["name"]: row for row in json.loads(capsys.readouterr().out)["layers"]}
    assert [layers[name]["parameters"] for name in ("first", "second", "third")] == [0, 0, 84]
    assert layers["first"]["tensors_of"] == "third"
    assert layers["first"]["weight_range"] == layers["third"]["weight_range"]

    app(["info", str(tmp_path / "net")], standalone_mode=False)
    assert "of third" in capsys.readouterr().out
