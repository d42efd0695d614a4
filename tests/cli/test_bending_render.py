"""``studio render --bend``, Network Bending's own files, and ``studio bends``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, picture, tiny_network

import studio
from studio.bends import make_bend, registry
from studio.cli.bending import parse_bend
from studio.errors import StudioError
from studio.io.network_bending import read_clusters, read_transforms
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.bends.asked import OfCluster, OfNamed, Strongest
from studio.model.bends.stage import AllChannels, ChannelList, ChannelRange, Cluster, Luma, SomeChannels, Stage
from studio.model.bends.stages import STAGES
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.preset import Preset
from studio.model.networks.section import SECOND

StudioHere = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("text", "channels", "amount"),
    [
        ("enc:Invert", AllChannels(), 1.0),
        ("enc:Invert@all*0.7", AllChannels(), 0.7),
        ("enc:Invert@random=0.5,seed=1", SomeChannels(share=0.5, seed=1), 1.0),
        ("enc:Invert@3-9", ChannelRange(first=3, last=9), 1.0),
        ("enc:Invert@1,4,7*0", ChannelList(channels=(1, 4, 7)), 0.0),
        ("enc:Invert@5", ChannelList(channels=(5,)), 1.0),
        ("enc:Invert@cluster=2", OfCluster(2), 1.0),
        ("enc:Invert@cluster=2,of=6", OfCluster(2, 6), 1.0),
        ("enc:Invert@cluster=deep sky*0.5", OfNamed("deep sky"), 0.5),
        ("enc:Invert@strongest=8,by=effect*1", Strongest(8, "effect"), 1.0),
    ],
)
def test_channels_and_amount_are_read(text: str, channels: object, amount: float) -> None:
    found = parse_bend(text)

    assert (found.layer, type(found.bend).__name__) == ("enc", "Invert")
    assert (found.channels, found.amount) == (channels, amount)


def test_parameters_mask_guard_and_source_are_read() -> None:
    found = parse_bend("a.b:displace,strength=0.25,across=2,border=wrap,source=act,mask=input,guard=norm@0-1")

    assert (found.layer, found.source, found.guard.kind) == ("a.b", "act", "norm")
    assert found.mask == Luma(source="input")
    assert found.bend == studio.bend("Displace", strength=0.25, across=2, border="wrap")
    assert parse_bend("enc:flip-horizontal").bend == studio.bend("FlipHorizontal")
    assert parse_bend("enc:Freeze,frozen=false").bend == studio.bend("Freeze", frozen=False)
    assert parse_bend("enc:Median,radius=2").bend == studio.bend("Median", radius=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Invert", "is no bend; write LAYER:NAME"),
        ("enc:Nothing", 'no bend "Nothing"; there are Noise'),
        ("enc:Rotat", 'no bend "Rotat"; did you mean "Rotate"'),
        ("enc:Rotate,angle", '"angle" is no KEY=VALUE'),
        ("enc:Rotate,angel=3", 'the field "angel" is not one that belongs there'),
        ("enc:Multiply,factor=1e9", "factor"),
        ("enc:Invert*1.5", 'the amount "1.5" is none'),
        ("enc:Invert@some", "no channels|KEY=VALUE"),
        ("enc:Invert@", "no channels"),
        ("enc:Invert@random=2", "no channels"),
        ("enc:Invert@strongest=3,by=name", "no channels"),
        ("enc:Invert,guard=dog", 'no guard "dog"'),
        ("enc:Rotate,angle=3,angle=4", '"angle" is given twice'),
        ("enc:Invert,guard=norm,guard=none", '"guard" is given twice'),
        ("enc:Invert@random=0.5,random=0.2", '"random" is given twice'),
        ("enc:Invert@random=true", "no channels"),
        ("enc:Invert@cluster=2.7", "no channels"),
        ("enc:Invert@strongest=2.5", "no channels"),
        ("enc:Multiply,factor=true", "factor is neither true nor false"),
        ("enc:Median,radius=true", "radius is neither true nor false"),
    ],
)
def test_what_cannot_be_read_is_quoted(text: str, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        parse_bend(text)


@pytest.fixture
def still(tmp_path: Path) -> Path:
    save_network(tiny_network(), tmp_path / "net")
    cv2.imwrite(str(tmp_path / "in.png"), picture(24, 20)[:, :, ::-1])
    return tmp_path


def rendered(studio_here: StudioHere, folder: Path, name: str, *options: str) -> np.ndarray:
    status, _, err = studio_here(
        "render", "in.png", name, "--preset", "net", "--engine", "torch", "--overwrite", *options
    )
    assert status == 0, err
    found = cv2.imread(str(folder / name))
    assert found is not None
    return found[:, :, ::-1]


def test_bends_are_rendered_in_their_order(studio_here: StudioHere, still: Path) -> None:
    options = ("--bend", "enc:Multiply,factor=3@0,2*0.5", "--bend", "act:Rotate,angle=40")
    found = rendered(studio_here, still, "out.png", *options)

    with studio.load(still / "net", engine="torch") as net:
        net["enc"].bend(studio.bend("Multiply", factor=3.0), channels=[0, 2], amount=0.5)
        net["act"].bend(studio.bend("Rotate", angle=40.0))
        np.testing.assert_array_equal(found, net(picture(24, 20)))
    assert not np.array_equal(found, rendered(studio_here, still, "plain.png"))


@pytest.mark.parametrize(("guard", "says"), [("none", True), ("finite", False)])
def test_bends_that_make_values_infinite_are_told_of(
    studio_here: StudioHere, still: Path, guard: str, says: bool
) -> None:
    del still
    bends = ("--bend", f"act:Multiply,factor=1000,guard={guard}") * 15
    status, _, err = studio_here("render", "in.png", "out.png", "--preset", "net", "--engine", "torch", *bends)
    assert status == 0
    assert ('values that are not finite, from the layer "act" on' in err) is says


@pytest.mark.parametrize("channels", ["strongest=2", "strongest=2,by=effect", "cluster=1,of=3"])
def test_channels_are_found_on_the_first_picture(studio_here: StudioHere, still: Path, channels: str) -> None:
    found = rendered(studio_here, still, "out.png", "--bend", f"enc:Ablate@{channels}")

    with studio.load(still / "net", engine="torch") as net:
        net(picture(24, 20))
        made = net["enc"].output
        if channels.startswith("cluster"):
            chosen = net["enc"].clusters(3)[0].channels
        else:
            strengths = net["enc"].impact() if "effect" in channels else np.sqrt((made**2).mean((1, 2)))
            chosen = tuple(int(c) for c in np.argsort(-strengths)[:2])
        net["enc"].bend(studio.bend("Ablate"), channels=chosen)
        np.testing.assert_array_equal(found, net(picture(24, 20)))


TRANSFORMS = """
transforms:
- layer: 1
  transform: "scalar-multiply"
  params: [-0.5]
  features: "all"
  feature-param:
- layer: dec
  transform: "rotate"
  params: [45]
  features: "random"
  feature-param: 0.5
- layer: 1
  transform: "ablate"
  params: []
  features: "cluster"
  feature-param: 2
all-transforms: []
"""
CLUSTERS = """
1:
- {cluster_index: 2, feature_index: 0}
- {cluster_index: 1, feature_index: 1}
- {cluster_index: 2, feature_index: 5}
"""


def test_files_of_network_bending_run(studio_here: StudioHere, still: Path) -> None:
    (still / "bends.yaml").write_text(TRANSFORMS)
    (still / "clusters.yaml").write_text(CLUSTERS)
    files = ("--bends-yaml", "bends.yaml", "--clusters-yaml", "clusters.yaml")
    found = rendered(studio_here, still, "out.png", *files, "--bend", "out:Invert")

    with studio.load(still / "net", engine="torch") as net:
        net["enc"].bend(studio.bend("Multiply", factor=-0.5))
        net["dec"].bend(studio.bend("Rotate", angle=45.0), channels=SomeChannels(share=0.5, seed=2))
        net["enc"].bend(studio.bend("Ablate"), channels=[0, 5])
        net["out"].bend(studio.bend("Invert"))
        np.testing.assert_array_equal(found, net(picture(24, 20)))


ONE = "transforms:\n- {layer: 1, transform: %s, params: %s, features: %s, feature-param: %s}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE % ("warp", "[]", "all", ""), 'transform 1: there is no transform "warp"'),
        (ONE % ("rotate", "[]", "all", ""), r'"rotate" takes 1 parameter\(s\)'),
        (ONE % ("rotate", "[north]", "all", ""), "angle"),
        (ONE % ("ablate", "[]", "most", ""), 'not "most"'),
        (ONE % ("ablate", "[]", "random", "7"), "from 0 to 1, not 7"),
        (ONE % ("ablate", "[]", "cluster", "1"), "--clusters-yaml"),
        ("transforms:\n- {layer: 40, transform: ablate}", "no layer 40; this network has 1 to 2: enc, dec"),
        ("transforms:\n- {layer: nose, transform: ablate}", 'no layer "nose"'),
        ("transforms:\n- {layer: 1, transform: ablate, speed: 3}", '"speed", which belongs to no transform'),
        ("transforms:\n- !!python/object/apply:os.system ['true']", "no plain YAML"),
        ("a: &a [1]\ntransforms: [*a, *a]", "refers to a part of itself"),
        ("transforms: {", "no plain YAML"),
        ("transforms: " + "[" * 20_000, "it is nested too deeply"),
        ("transforms:\n- {layer: 1, transform: ablate, layer: 2}", '"layer" stands there twice'),
        ("[1, 2]", 'no list of "transforms"'),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bends.yaml"
    path.write_text(text)

    with pytest.raises(StudioError, match=words) as raised:
        read_transforms(path, tiny_network().graph)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_what_is_of_stylegan2_alone_is_left_out_and_said(tmp_path: Path) -> None:
    """Layer 0 is of its constant, which nothing bends; clusters are of layers of 512 features."""
    (tmp_path / "c.yaml").write_text(
        "1:\n" + "\n".join(f"- {{cluster_index: {k % 4}, feature_index: {k}}}" for k in range(512))
    )
    (tmp_path / "b.yaml").write_text(
        "transforms:\n- {layer: 0, transform: rotate, params: [0], features: random, feature-param: 0}\n"
        "- {layer: 1, transform: ablate, params: [], features: cluster, feature-param: 1}\n"
    )
    said: list[str] = []
    (asked,) = read_transforms(
        tmp_path / "b.yaml", tiny_network().graph, read_clusters(tmp_path / "c.yaml"), said.append
    )
    assert (asked.layer, asked.channels) == ("enc", ChannelList(channels=(1, 5), name="cluster 1"))
    assert said == [
        "Transform 1 is of layer 0, which Network Bending leaves as it is.",
        "Transform 2: enc has 2 of the cluster's 128 features.",
    ]
    (tmp_path / "c.yaml").write_text("1:\n- {cluster_index: 1, feature_index: 300}\n")
    with pytest.raises(StudioError, match="none of the features of cluster 1"):
        read_transforms(tmp_path / "b.yaml", tiny_network().graph, read_clusters(tmp_path / "c.yaml"))


@pytest.mark.parametrize(
    "text", ["1: 2", "- 3", "1:\n- {cluster_index: x, feature_index: 0}", "1:\n- {cluster_index: 0}"]
)
def test_clusters_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text)

    with pytest.raises(StudioError, match="holds no clusters"):
        read_clusters(tmp_path / "c.yaml")


def test_maps_of_a_second_picture_are_taken(studio_here: StudioHere, still: Path) -> None:
    cv2.imwrite(str(still / "second.png"), picture(24, 20, seed=5)[:, :, ::-1])
    found = rendered(studio_here, still, "out.png", "--bend", "dec:FromPicture", "--second", "second.png")

    with studio.load(still / "net", engine="torch") as net:
        np.testing.assert_array_equal(found, net(picture(24, 20, seed=5)))
    status, _, err = studio_here("render", "in.png", "o.png", "--preset", "net", "--second", "second.png")
    assert (status, "No bend takes the maps" in err) == (2, True)


def test_a_preset_names_its_second_picture(studio_here: StudioHere, still: Path) -> None:
    cv2.imwrite(str(still / "second.png"), picture(24, 20, seed=5)[:, :, ::-1])
    stages = (Stage(1, "dec", make_bend("FromPicture", {})),)
    preset = Preset("two", tiny_network(), {}).with_section(STAGES, stages).with_section(SECOND, "second.png")
    save_preset(preset, still / "two")
    status, _, err = studio_here("render", "in.png", "out.png", "--preset", "two", "--engine", "torch")
    assert status == 0, err
    with studio.load(still / "net", engine="torch") as net:
        wanted = net(picture(24, 20, seed=5))
    np.testing.assert_array_equal(cv2.imread(str(still / "out.png"))[:, :, ::-1], wanted)
    (still / "second.png").unlink()
    status, _, err = studio_here("render", "in.png", "o.png", "--preset", "two", "--engine", "torch")
    assert (status, "second.png" in err) == (2, True)


def test_clusters_that_a_preset_keeps_are_bent_by_name_and_listed(studio_here: StudioHere, still: Path) -> None:
    with studio.load(still / "net", engine="torch") as net:
        net.keep_cluster(Cluster("enc", "found", (1, 4)), "sky")
        net.save(still / "kept")
        net(picture(24, 20, seed=3))
        net["enc"].bend(studio.bend("Invert"), channels="sky")
        net.update()
        with pytest.raises(StudioError, match='enc has no cluster "sea"; kept with the preset are "sky"'):
            net["enc"].bend(studio.bend("Invert"), channels="sea")
    common = ("render", "in.png", "--preset", "kept", "--engine", "torch", "--bend")
    status, _, err = studio_here(*common, "enc:Invert@cluster=sky", "named.png")
    assert status == 0, err
    status, _, err = studio_here(*common, "enc:Invert@1,4", "listed.png")
    assert status == 0, err
    np.testing.assert_array_equal(cv2.imread(str(still / "named.png")), cv2.imread(str(still / "listed.png")))
    status, _, err = studio_here(*common, "enc:Invert@cluster=sea", "none.png")
    assert (status, 'kept with the preset are "sky"' in err) == (2, True)
    status, out, _ = studio_here("bends", "kept", "--json")
    assert status == 0
    assert json.loads(out) == {"stages": [], "clusters": [{"layer": "enc", "name": "sky", "channels": [1, 4]}]}
    status, out, _ = studio_here("bends", "kept")
    assert (status, "sky" in out, "1, 4" in out) == (0, True, True)


def test_what_does_not_fit_ends_a_render_before_it_writes(studio_here: StudioHere, still: Path) -> None:
    for bend, words in (
        ("enc:Invert@77", "channel 77 is not among 0 to 5"),
        ("nose:Invert", 'no layer "nose"'),
        ("enc:FromLayer", "say which"),
        ("enc:Invert,source=act", 'takes no map of another layer; leave its source "act" out'),
        ("enc:Invert@strongest=0", "Invert behind enc: choose one of the strongest channels or more, not 0"),
        ("enc:Invert@strongest=-1,by=effect", "Invert behind enc: choose one of the strongest"),
    ):
        status, _, err = studio_here(
            "render", "in.png", "out.png", "--preset", "net", "--engine", "torch", "--bend", bend
        )
        assert (status, words in err) == (2, True), err
        assert not (still / "out.png").exists()


@pytest.mark.parametrize("by", ["norm", "effect"])
def test_of_a_layer_of_fewer_channels_the_strongest_are_all(studio_here: StudioHere, still: Path, by: str) -> None:
    common = ("--preset", "net", "--engine", "torch", "--bend")
    for channels, name in ((f"strongest=8,by={by}", "strongest.png"), ("all", "all.png")):
        status, _, err = studio_here("render", "in.png", name, *common, f"enc:Invert@{channels}")
        assert status == 0, err
    np.testing.assert_array_equal(cv2.imread(str(still / "strongest.png")), cv2.imread(str(still / "all.png")))


def test_what_enlarges_goes_with_how_much(studio_here: StudioHere, still: Path) -> None:
    status, _, err = studio_here("render", "in.png", "out.png", "--preset", "net", "--enlarge-by", "network")
    assert (status, "give --enlarge 2 or 4 as well" in err) == (2, True), err
    up = {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 1}
    save_network(network(layer("out", "Conv2d", "x", **up), inputs=[Input("x", size=Size(8, 8))]), still / "one-size")
    by_network = ("--size", "8x8", "--enlarge", "2", "--enlarge-by", "network")
    status, _, err = studio_here("render", "in.png", "out.png", "--preset", "one-size", *by_network)
    assert (status, "takes pictures of one size only; enlarge by the restorer" in err) == (2, True), err
    assert not (still / "out.png").exists()


def test_bends_are_listed_for_people_and_programs(studio_here: StudioHere) -> None:
    status, out, err = studio_here("bends")
    assert (status, err) == (0, "")
    assert all(name in out for name in registry())
    status, out, _ = studio_here("bends", "--json")
    found = {fact["name"]: fact for fact in json.loads(out)}
    assert found.keys() == registry().keys()
    angle = found["Rotate"]["parameters"][0]
    assert (angle["name"], angle["unit"], angle["safe"], angle["live"]) == ("angle", "°", [-180.0, 180.0], True)
