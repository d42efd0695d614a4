"""The studio from Python, as docs/python.md uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, assert_same_bits, branched_network, normal, picture, tiny_network

import studio
from studio.api import LiveNetwork
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.bends.stage import Guard
from studio.model.filters.edit import Selection
from studio.model.networks.layout import to_sheet
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED, SOURCE, VIEW


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_network(tiny_network(), tmp_path / "weights")
    return tmp_path / "weights"


@pytest.fixture
def net(folder: Path) -> Iterator[LiveNetwork]:
    with studio.load(folder, engine="torch") as live:
        yield live


def tensors_of(live: LiveNetwork) -> dict[str, np.ndarray]:
    return {f"{layer.name}.{key}": layer.tensor(key) for layer in live for key in layer.tensors}


def test_a_picture_goes_in_and_one_of_its_size_comes_out(net: LiveNetwork) -> None:
    bent = net(picture(21, 34))
    assert (bent.shape, bent.dtype) == ((21, 34, 3), np.uint8)
    np.testing.assert_array_equal(net(np.asfortranarray(picture(21, 34))), bent)


def test_every_layer_can_be_read_after_a_run(net: LiveNetwork) -> None:
    net(picture(8, 8))
    assert [layer.name for layer in net] == ["enc", "act", "dec", "out"]
    assert net["enc"].output.shape == (6, 4, 4)
    assert net["enc"].filter.shape == (6, 3, 4, 4)
    assert net["enc"].filter_sheet.shape == (24, 12)
    assert net["enc"].tensors == ("weight", "bias")
    assert net["act"].tensors == ()
    assert net["act"].stats.minimum == net["act"].output.min()
    assert net["dec"].seconds >= 0
    assert "Conv2d" in repr(net["enc"])
    np.testing.assert_array_equal(net.output, net["out"].output)
    np.testing.assert_array_equal(net["act"].output, net["enc"].output.clip(0))


def test_an_edit_changes_the_rows_asked_for_and_reruns_what_follows(net: LiveNetwork) -> None:
    net(picture(8, 8))
    before, weight = net.output, net["enc"].filter
    net["enc"].edit(studio.edit("Gain", factor=2.0), rows=[3, 5])

    assert net.update() == ("enc", "act", "dec", "out")
    weight[[3, 5]] *= 2
    np.testing.assert_array_equal(net["enc"].filter, weight)
    assert not np.array_equal(net.output, before)


def test_an_edit_takes_rows_columns_selections_and_other_tensors(net: LiveNetwork) -> None:
    weight, bias = net["enc"].filter, net["enc"].tensor("bias")
    net["enc"].edit(studio.edit("Negate"), rows=[1], columns=[0, 2])
    net["enc"].edit(studio.edit("Negate"), Selection.rows(weight.shape, [4]))
    net["enc"].edit(studio.edit("Negate"), tensor="bias")

    weight[1, [0, 2]] *= -1
    weight[4] *= -1
    np.testing.assert_array_equal(net["enc"].filter, weight)
    np.testing.assert_array_equal(net["enc"].tensor("bias"), -bias)


def test_a_filter_can_be_assigned_and_everything_reset(net: LiveNetwork) -> None:
    before, first = tensors_of(net), net(picture(8, 8))
    net["dec"].filter = normal(6, 3, 4, 4)
    net["enc"].edit(studio.edit("Gain", factor=-9.0))
    assert not np.array_equal(net(picture(8, 8)), first)

    net.reset()
    net.update()

    assert_same_bits(tensors_of(net), before)
    np.testing.assert_array_equal(net(picture(8, 8)), first)


def test_bends_saved_and_loaded_are_the_same_bit_for_bit(net: LiveNetwork, tmp_path: Path) -> None:
    net["enc"].edit(studio.edit("Gain", factor=1.7), rows=[3, 5])
    net["dec"].edit(studio.edit("Noise", seed=3), tensor="bias")
    bent, shown = tensors_of(net), net(picture(9, 9))
    net.save(tmp_path / "mine", description="louder", thumbnail=shown)
    unbent = tiny_network().tensors

    with studio.load(str(tmp_path / "mine"), engine="torch") as again:
        assert_same_bits(tensors_of(again), bent)
        np.testing.assert_array_equal(again(picture(9, 9)), shown)
        again.reset()
        assert_same_bits(tensors_of(again), unbent)
    assert {file.name for file in (tmp_path / "mine").glob("*.npy")} == {"enc.weight.npy", "dec.bias.npy"}


def test_a_bend_of_a_bend_keeps_its_description(net: LiveNetwork, tmp_path: Path) -> None:
    from studio.api import open_preset

    net["enc"].edit(studio.edit("Negate"), rows=[0])
    net.save(tmp_path / "one", name="First", description="upside down")
    with studio.load(tmp_path / "one", engine="torch") as again:
        again["enc"].edit(studio.edit("Negate"), rows=[1])
        again.save(tmp_path / "two")
    found = open_preset(str(tmp_path / "two"))

    assert (found.name, found.description) == ("two", "upside down")
    assert open_preset(str(tmp_path / "one")).name == "First"
    weight = tiny_network().tensors["enc.weight"].copy()
    weight[:2] *= -1
    np.testing.assert_array_equal(found.changed["enc.weight"], weight)


def test_a_bend_of_a_bend_keeps_all_that_its_preset_says(net: LiveNetwork, folder: Path, tmp_path: Path) -> None:
    from studio.api import open_preset

    said = {SOURCE: "film.mp4", VIEW: "enc", BYPASSED: frozenset({"act"})}
    save_preset(Preset("one", net.network, {}, "", "an artist", folder, said), tmp_path / "one")
    with studio.load(tmp_path / "one", engine="torch") as again:
        again.save(tmp_path / "two")
    found = open_preset(str(tmp_path / "two"))
    assert (found.author, found.source, found.view_layer) == ("an artist", "film.mp4", "enc")
    assert found.bypassed == {"act"}


def test_feature_maps_can_be_run_without_a_picture(net: LiveNetwork) -> None:
    x = normal(3, 8, 8) * 50
    assert net.run(x).shape == (3, 8, 8)
    np.testing.assert_array_equal(net.engine.activation("input"), x)


@pytest.mark.gl
@pytest.mark.usefixtures("device")
def test_networks_in_several_engines_live_side_by_side() -> None:
    x, names = normal(3, 8, 8), ("gl", "torch", "gl-fragment", "auto")
    lives = [LiveNetwork(branched_network(), engine=name) for name in names]
    outputs = [live.run(x) for live in lives]
    for live, name in zip(lives, names, strict=True):
        live["mid"].edit(studio.edit("Negate"))
        live.update()
        outputs.append(live.output)
        assert name in (live.choice.name, "auto")
        live.close()
    for group in (outputs[:4], outputs[4:]):
        for output in group:
            np.testing.assert_allclose(output, group[1], atol=1e-5)
    assert not np.allclose(outputs[0], outputs[4], atol=1e-3)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda net: net(picture(8, 8)[:, :, 0]), r"\(height, width, 3\) uint8, not \(8, 8\) uint8"),
        (lambda net: net(picture(8, 8).astype(np.float32)), r"not \(8, 8, 3\) float32"),
        (lambda net: net["nope"], 'no layer "nope"'),
        (lambda net: net["enc"].output, "before the first run"),
        (lambda net: net["enc"].seconds, "before the first run"),
        (lambda net: net["act"].filter, 'no tensor "act.weight"'),
        (lambda net: net["enc"].edit(studio.edit("Gain"), rows=[6]), "no row 6 of kernels"),
        (lambda net: net["enc"].edit(studio.edit("Gain"), rows=[]), "No filter is selected"),
        (lambda net: net["enc"].edit(studio.edit("Gain"), tensor="nope"), 'no tensor "enc.nope"'),
        (lambda net: net.run(normal(3, 8, 8), normal(3, 8, 8)), r"takes 1 input\(s\), not 2"),
        (lambda net: net.run(normal(4, 8, 8)), r'"input" needs the shape \(3, height, width\)'),
        (lambda net: net["enc"].bend(studio.bend("Invert"), source="act"), "takes no map of another layer"),
        (lambda net: net["enc"].bend(studio.bend("Invert"), guard=Guard(kind="norm", times=2.0)), "takes no times"),
        (lambda _: studio.edit("Nope"), 'no edit "Nope"|Nope'),
        (lambda _: studio.edit("Gain", factor="loud"), "factor"),
        (lambda _: studio.load("no-such-preset"), "no-such-preset"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(net: LiveNetwork, act: object, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        act(net)  # type: ignore[operator]


def test_importing_the_studio_imports_nothing_heavy() -> None:
    heavy = ("torch", "moderngl", "cv2", "av", "numpy", "pydantic")
    code = f"import sys, studio; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_module_offers_what_it_lists_and_no_more() -> None:
    assert all(getattr(studio, name) is not None for name in studio.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        studio.nope  # noqa: B018


def test_a_bypassed_layer_hands_on_what_it_reads_and_is_saved(net: LiveNetwork, tmp_path: Path) -> None:
    before = net(picture(8, 8))
    net.bypass("act")
    net.update()
    np.testing.assert_array_equal(net["act"].output, net["enc"].output)
    bent = net(picture(8, 8))
    assert (bent != before).any()
    net.save(tmp_path / "saved")
    with studio.load(tmp_path / "saved", engine="torch") as again:
        np.testing.assert_array_equal(again(picture(8, 8)), bent)
    net.reset()
    np.testing.assert_array_equal(net(picture(8, 8)), before)


def test_a_bypassed_layer_that_is_not_there(net: LiveNetwork) -> None:
    with pytest.raises(StudioError, match='no layer "nowhere"'):
        net.bypass("nowhere")


def test_layers_are_bent_from_python(net: studio.LiveNetwork) -> None:
    net.run(normal(3, 16, 16))
    plain = net["enc"].output
    first = net["enc"].bend(studio.bend("Multiply", factor=2.0), channels=[0, 2], amount=0.5)
    second = net["act"].bend(studio.bend("Rotate", angle=30))
    net.update()

    wanted = plain.copy()
    wanted[[0, 2]] *= 1.5
    np.testing.assert_allclose(net["enc"].output, wanted, rtol=1e-5)
    np.testing.assert_array_equal(net["enc"].unbent, plain)
    np.testing.assert_array_equal(net["dec"].unbent, net["dec"].output)
    assert net["enc"].bends == (first,)
    assert [stage.id for stage in net.stages] == [1, 2]
    net.set("/bend/1/amount", 1.0)
    net.update()
    np.testing.assert_allclose(net["enc"].output[0], plain[0] * 2, rtol=1e-5)
    net.unbend(second.id)
    assert net["act"].bends == ()
    with pytest.raises(StudioError, match="no bend"):
        studio.bend("Nothing")
    with pytest.raises(StudioError, match="Channel 99 is not among 0 to 5"):
        net["enc"].bend(studio.bend("Invert"), channels=[99])
    assert [stage.id for stage in net.stages] == [1]
    net.unbend()
    net.update()
    np.testing.assert_array_equal(net["enc"].output, plain)


def test_clusters_and_impact_from_python(net: studio.LiveNetwork) -> None:
    net.run(normal(3, 16, 16))
    clusters = net["enc"].clusters(2)
    net["enc"].bend(studio.bend("Ablate"), channels=clusters[0])
    impact = net["act"].impact()

    assert sorted(c for cluster in clusters for c in cluster.channels) == list(range(6))
    assert impact.shape == (6,)
    assert np.isfinite(impact).all()


def test_edits_are_kept_live_turned_moved_baked_and_saved(net: LiveNetwork, tmp_path: Path) -> None:
    trained = net["dec"].filter
    made = net["dec"].keep_live(studio.edit("Gain", factor=2.0), rows=[1], amount=0.5)
    assert made.id == 1
    net(picture(16, 16))
    wanted = trained.copy()
    wanted[1] *= 1.5
    np.testing.assert_allclose(net["dec"].filter_sheet, to_sheet(wanted), rtol=1e-6)
    # A stroke goes beneath; what the network holds and saves is without them.
    net["dec"].edit(studio.edit("Negate"))
    assert np.array_equal(net["dec"].filter, -trained)
    net.set("/edit/1/factor", 4)
    net.move("/edit/1/amount", "lfo", rate=1.0, depth=0.25, base=0.5)
    first, second = net(picture(16, 16), time=0.0), net(picture(16, 16), time=0.25)
    assert not np.array_equal(first, second)
    net.save(tmp_path / "kept")
    with studio.load(tmp_path / "kept", engine="torch") as again:
        assert [edit.edit for edit in again.edits] == [studio.edit("Gain", factor=4.0)]
        assert np.array_equal(again(picture(16, 16), time=0.0), first)
    net.still()
    net.bake()
    assert net.edits == ()
    wanted = -trained
    wanted[1] *= 2.5
    np.testing.assert_allclose(net["dec"].filter, wanted, rtol=1e-6)
    with pytest.raises(StudioError, match="Live edit 1"):
        net["dec"].keep_live(studio.edit("Reinitialise"), tensor="bias")
    assert net.edits == ()
    net.reset()
    assert np.array_equal(net["dec"].filter, trained)
