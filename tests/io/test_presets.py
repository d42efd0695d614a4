from __future__ import annotations

import base64
import json
import os
import re
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moving import modulators
from small_networks import small_network

from studio import paths
from studio.bends import make_bend
from studio.bends import registry as bends
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.io import preset_file, preset_weights, sections
from studio.io.networks import load_network, save_network
from studio.io.npy import write_npy
from studio.io.presets import find_preset, list_presets, load_preset, save_preset
from studio.model.bends.stage import ChannelList, Guard, Luma, Painted, SomeChannels, Stage
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document as Opened
from studio.model.movement.curve import Lag, Quantise, Range
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.modulator import Modulator
from studio.model.movement.route import MACRO_BANK, ROUTES, Aim, Macro, Route
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED, SOURCE, VIEW

Document = dict[str, Any]
NETWORK = small_network()
PACKED = base64.b64encode(zlib.compress(bytes(16))).decode()


def bent_preset(weights: Path | None) -> Preset:
    """One tensor with values that only bits tell apart, one that is equal, one that differs in a zero's sign."""
    weight = NETWORK.tensors["dec.weight"].copy()
    weight[0, 0] = [[-0.0, 1e-45], [-1e-40, 3.4e38]]
    bias = NETWORK.tensors["dec.bias"].copy()
    return Preset(
        "Melting",
        NETWORK,
        {"dec.weight": weight, "dec.bias": bias, "norm.bias": NETWORK.tensors["norm.bias"]},
        "faces – 融ける",
        "An artist",
        weights,
        {SOURCE: "demo", VIEW: "act"},
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of the studio: its data, with one network in weights/."""
    home = tmp_path / "home"
    (home / "presets").mkdir(parents=True)
    (home / "weights").mkdir()
    save_network(NETWORK, home / "weights" / "small")
    (home / "weights" / "small" / "LICENSE").write_text("terms", encoding="utf-8")
    monkeypatch.setattr(paths, "DATA", home)
    monkeypatch.setattr(paths, "PRESETS", home / "presets")
    monkeypatch.setattr(paths, "WEIGHTS", home / "weights")
    return home


@pytest.fixture
def folder(home: Path) -> Path:
    save_preset(bent_preset(home / "weights" / "small"), home / "presets" / "melting")
    return home / "presets" / "melting"


def read(folder: Path) -> Document:
    document: Document = json.loads((folder / "preset.json").read_text(encoding="utf-8"))
    return document


def rewrite(folder: Path, change: Callable[[Document], object]) -> None:
    document = read(folder)
    change(document)
    (folder / "preset.json").write_text(json.dumps(document), encoding="utf-8")


def assert_same(a: Preset, b: Preset) -> None:
    for field in ("name", "description", "author", "source", "view_layer"):
        assert getattr(a, field) == getattr(b, field)
    for x, y in ((a.network.tensors, b.network.tensors), (a.bent.tensors, b.bent.tensors)):
        assert {k: t.tobytes() for k, t in x.items()} == {k: t.tobytes() for k, t in y.items()}


def test_round_trip_is_bit_exact(folder: Path, home: Path) -> None:
    preset = load_preset(folder)
    assert_same(preset, bent_preset(None))
    assert preset.weights_path == home / "weights" / "small"
    assert_same(load_preset(folder / "preset.json"), preset)


def test_only_what_differs_is_written(folder: Path) -> None:
    assert sorted(entry.name for entry in folder.iterdir()) == ["dec.weight.npy", "preset.json"]
    assert list(load_preset(folder).changed) == ["dec.weight"]


def test_a_zeros_sign_is_a_difference(folder: Path) -> None:
    flipped = NETWORK.tensors["enc.1.weight"].copy()
    flipped[0, 0, 0, 0] = 0.0
    save_preset(replace(load_preset(folder), changed={"enc.1.weight": flipped}), folder)
    assert load_preset(folder).changed["enc.1.weight"].tobytes() == flipped.tobytes()
    assert not (folder / "dec.weight.npy").exists()


def test_the_file(folder: Path) -> None:
    assert read(folder) == {
        "format": "studio-preset",
        "version": 1,
        "name": "Melting",
        "description": "faces – 融ける",
        "author": "An artist",
        "weights": {"path": "weights/small", "sha256": NETWORK.sha256()},
        "source": "demo",
        "view": {"layer": "act"},
        "tensors": ["dec.weight"],
    }


def test_optional_fields_may_be_missing(folder: Path) -> None:
    plain = Preset("Plain", NETWORK, {}, weights_path=load_preset(folder).weights_path)
    save_preset(plain, folder)
    assert read(folder).keys() == {"format", "version", "name", "description", "weights", "tensors"}
    assert_same(load_preset(folder), plain)


def test_saving_twice_gives_the_same_bytes(folder: Path) -> None:
    preset = load_preset(folder)
    again = folder.with_name("again")
    save_preset(preset, again)
    for entry in folder.iterdir():
        assert entry.read_bytes() == (again / entry.name).read_bytes()


# Where the network is found.


def test_a_folder_of_presets_beside_its_own_weights(tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "presets").mkdir(parents=True)
    shutil.copytree(paths.WEIGHTS / "small", other / "weights" / "mine")
    save_preset(bent_preset(other / "weights" / "mine"), other / "presets" / "melting")
    assert read(other / "presets" / "melting")["weights"]["path"] == "weights/mine"
    other.rename(tmp_path / "moved")
    preset = load_preset(tmp_path / "moved" / "presets" / "melting")
    assert_same(preset, bent_preset(None))
    assert preset.weights_path == tmp_path / "moved" / "weights" / "mine"


def test_the_studios_own_weights_are_named_from_anywhere(tmp_path: Path, home: Path) -> None:
    save_preset(bent_preset(home / "weights" / "small"), tmp_path / "melting")
    assert not (tmp_path / "melting" / "weights").exists()
    assert load_preset(tmp_path / "melting").weights_path == home / "weights" / "small"


@pytest.mark.parametrize("known", [True, False])
def test_weights_from_elsewhere_go_along_with_their_licence(tmp_path: Path, home: Path, known: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(home / "weights" / "small", elsewhere)
    save_preset(bent_preset(elsewhere if known else None), tmp_path / "melting")
    shutil.rmtree(elsewhere)
    (tmp_path / "melting").rename(tmp_path / "sent")
    preset = load_preset(tmp_path / "sent")
    assert_same(preset, bent_preset(None))
    assert read(tmp_path / "sent")["weights"]["path"] == "weights/small-net"
    assert (tmp_path / "sent" / "weights" / "small-net" / "LICENSE").exists() == known
    # Saved over itself, it still carries them.
    save_preset(preset, tmp_path / "sent")
    assert_same(load_preset(tmp_path / "sent"), preset)
    assert (tmp_path / "sent" / "weights" / "small-net" / "LICENSE").exists() == known


def test_weights_inside_another_preset_are_not_relied_on(home: Path) -> None:
    first, second = home / "presets" / "first", home / "presets" / "second"
    save_preset(bent_preset(None), first)
    save_preset(load_preset(first), second)
    shutil.rmtree(first)
    assert_same(load_preset(second), bent_preset(None))


def test_weights_that_changed_on_disk_since_go_along(folder: Path, home: Path) -> None:
    preset = load_preset(folder)
    save_network(small_network(seed=7), home / "weights" / "small")
    save_preset(preset, folder)
    assert_same(load_preset(folder), preset)
    assert read(folder)["weights"]["path"] == "weights/small-net"


def test_weights_hidden_by_others_of_that_path_go_along(tmp_path: Path, home: Path) -> None:
    other = tmp_path / "other"
    (other / "presets").mkdir(parents=True)
    (other / "weights").mkdir()
    save_network(small_network(seed=7), other / "weights" / "small")
    save_preset(bent_preset(home / "weights" / "small"), other / "presets" / "melting")
    assert_same(load_preset(other / "presets" / "melting"), bent_preset(None))


def test_missing_and_other_weights_are_told(folder: Path, home: Path) -> None:
    save_network(small_network(seed=7), home / "weights" / "small")
    ours, theirs = NETWORK.sha256()[:12], small_network(seed=7).sha256()[:12]
    with pytest.raises(StudioError, match=f"made on weights {ours}, but .*small holds {theirs}; restore"):
        load_preset(folder)
    shutil.rmtree(home / "weights" / "small")
    with pytest.raises(StudioError, match=r'network "weights/small" that this preset bends is not there; put it into'):
        load_preset(folder)


@pytest.mark.parametrize(
    "path",
    ["/etc", "../small", "weights/../weights/small", "weights\\small", "C:/x", "", ".", "a//b", "a/", "a\nb", "a\0b"],
)
def test_weights_elsewhere_are_refused(folder: Path, path: str) -> None:
    rewrite(folder, lambda d: d["weights"].update(path=path))
    with pytest.raises(StudioError, match=r'the field "weights\.path" must be'):
        load_preset(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path, home: Path, tmp_path: Path) -> None:
    shutil.move(home / "weights" / "small", tmp_path / "out")
    (home / "weights" / "small").symlink_to(tmp_path / "out")
    with pytest.raises(StudioError, match="leads out of"):
        load_preset(folder)
    (home / "weights" / "small").unlink()
    shutil.move(tmp_path / "out", home / "weights" / "small")
    shutil.move(folder / "dec.weight.npy", tmp_path / "out.npy")
    (folder / "dec.weight.npy").symlink_to(tmp_path / "out.npy")
    with pytest.raises(StudioError, match=r"dec\.weight\.npy leads out of"):
        load_preset(folder)


# What is wrong in a preset.


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.update(version=2), "made by a later version of the studio; update"),
        (lambda d: d.update(version="1"), 'the field "version" must be'),
        (lambda d: d.update(format="studio-network"), 'does not say "format": "studio-preset"'),
        (lambda d: d.pop("weights"), 'the field "weights" is missing'),
        (lambda d: d["weights"].update(sha256="abc"), r'the field "weights\.sha256" should match'),
        (lambda d: d.update(name=""), 'the field "name" should have at least 1 character'),
        (lambda d: d.update(name="a\nb"), 'the field "name" must be a single line'),
        (lambda d: d.update(view={"bends": []}), r'the field "view\.bends" is not one that belongs'),
        (lambda d: d.update(bypassed=["act", "ACT"]), '"bypassed" must name each of them once'),
        (lambda d: d.update(bypassed=["nowhere"]), 'it bypasses the layer "nowhere", which'),
        (lambda d: d.update(source=["demo"]), 'the field "source" should be a valid string'),
        (lambda d: d.update(latent={"z": [9.0]}), r'the field "latent\.z\[0\]" should be less than or equal to 4'),
        (lambda d: d.update(latent={"z": [1.0]}), 'it moves 1 values of the vector "z", of which the network'),
        (lambda d: d.update(versions={"view": 0}), r'the field "versions\.view" should be greater than'),
        (lambda d: d.update(view={"layer": "nowhere"}), 'it shows the layer "nowhere", which the network "small net"'),
        (lambda d: d.update(tensors=["nowhere.weight"]), 'has no layer "nowhere"'),
        (lambda d: d.update(tensors=["dec.depth"]), 'has no tensor "depth" in its layer "dec"'),
        (lambda d: d.update(tensors=["act.weight"]), 'has no tensor "weight" in its layer "act"'),
        (lambda d: d.update(tensors=["weight"]), 'it changes "weight", but'),
        (lambda d: d.update(tensors=["dec.bias"]), r'"dec\.bias" has no file dec\.bias\.npy beside it'),
        (lambda d: d.update(tensors=["dec.weight"] * 2), '"tensors" must name each of them once'),
        (lambda d: d.update(tensors=["../secret"]), r'"tensors\[0\]" may hold'),
        (lambda d: d.update(tensors=["a/b"]), r'"tensors\[0\]" may hold'),
        (lambda d: d.update(tensors=["a\\b"]), r'"tensors\[0\]" may hold'),
        (lambda d: d.update(tensors=["C:x"]), r'"tensors\[0\]" may hold'),
    ],
)
def test_wrong_fields_are_named(folder: Path, change: Callable[[Document], object], sentence: str) -> None:
    rewrite(folder, change)
    with pytest.raises(StudioError, match=sentence) as caught:
        load_preset(folder)
    assert str(folder / "preset.json") in str(caught.value)


def test_a_changed_tensor_of_another_shape_or_with_nan(folder: Path) -> None:
    write_npy(folder / "dec.weight.npy", np.zeros(3, np.float32))
    with pytest.raises(
        StudioError, match=r"dec\.weight\.npy: the array has shape \(3,\), but \(4, 3, 2, 2\) is needed"
    ):
        load_preset(folder)
    np.save(folder / "dec.weight.npy", np.full((4, 3, 2, 2), np.nan, np.float32))
    with pytest.raises(StudioError, match="48 of 48 values are NaN"):
        load_preset(folder)


# Saving.


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, 'The preset "" cannot be saved: the field "name"'),
        ({"description": "a\nb"}, '"description" must be a single line'),
        ({"sections": {VIEW: "nowhere"}}, 'it shows the layer "nowhere"'),
        ({"changed": {"nowhere.weight": np.zeros(1, np.float32)}}, r'a tensor "nowhere\.weight" that none'),
        ({"changed": {"dec.bias": np.zeros(4, np.float32)}}, r'"dec\.bias" has shape \(4,\)'),
        ({"changed": {"dec.bias": np.full(3, np.nan, np.float32)}}, r'"dec\.bias": 3 of 3 values are NaN'),
    ],
)
def test_a_preset_that_cannot_be_read_again_is_not_saved(folder: Path, change: dict[str, Any], sentence: str) -> None:
    before = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    with pytest.raises(StudioError, match=sentence):
        save_preset(replace(load_preset(folder), **change), folder)
    assert {entry.name: entry.read_bytes() for entry in folder.iterdir()} == before
    assert [entry.name for entry in folder.parent.iterdir()] == ["melting"]


def test_saving_over_something_else_is_refused_and_notes_stay(folder: Path, tmp_path: Path) -> None:
    preset = load_preset(folder)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StudioError, match="holds other files and is no preset"):
        save_preset(preset, tmp_path / "letters")
    with pytest.raises(StudioError, match="does not exist"):
        save_preset(preset, tmp_path / "missing" / "melting")
    (folder / "notes.txt").write_text("note", encoding="utf-8")
    save_preset(preset, folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "note"


def test_thumbnail(folder: Path) -> None:
    preset = load_preset(folder)
    picture = np.zeros((300, 600, 3), np.uint8)
    picture[:, :300, 0] = 200
    save_preset(preset, folder, picture)
    small = cv2.imread(str(folder / "thumbnail.png"))[:, :, ::-1]
    assert small.shape == (128, 256, 3)
    assert small[60, 60].tolist() == [200, 0, 0]
    # Saved without one, the old stays; a small one keeps its size.
    save_preset(preset, folder)
    assert (folder / "thumbnail.png").exists()
    save_preset(preset, folder, picture[:5, :7])
    assert cv2.imread(str(folder / "thumbnail.png")).shape == (5, 7, 3)
    save_preset(preset, folder, picture[:1])
    assert cv2.imread(str(folder / "thumbnail.png")).shape == (1, 256, 3)
    for wrong in (picture[..., :2], picture[:0], picture.astype(np.float32)):
        with pytest.raises(ValueError, match="a picture is"):
            save_preset(preset, folder, wrong)  # type: ignore[arg-type]


# Versions.


def test_older_versions_are_brought_up_to_date_step_by_step(folder: Path) -> None:
    def tensors_were_layers(document: Document) -> Document:
        return {("tensors" if key == "layers" else key): value for key, value in document.items()}

    def names_had_no_tensor(document: Document) -> Document:
        return document | {"tensors": [f"{name}.weight" for name in document["tensors"]]}

    def age(document: Document) -> None:
        del document["tensors"]
        document["layers"] = ["dec"]

    migrations = {1: tensors_were_layers, 2: names_had_no_tensor}
    rewrite(folder, age)
    assert_same(load_preset(folder, migrations, version=3), bent_preset(None))
    rewrite(folder, lambda d: d.update(version=2, tensors=d.pop("layers")))
    assert_same(load_preset(folder, migrations, version=3), bent_preset(None))
    with pytest.raises(StudioError, match="later version"):
        load_preset(folder)
    rewrite(folder, lambda d: d.pop("tensors"))
    with pytest.raises(StudioError, match="this file of version 2 is damaged and cannot be updated"):
        load_preset(folder, migrations, version=3)


def test_every_earlier_version_has_its_migration() -> None:
    assert set(preset_file.MIGRATIONS) == set(range(1, preset_file.VERSION))


# Sections.

FOREIGN = {"wobble": {"rate": 0.5, "of": ["enc", "dec"], "deep": {"é": None}}}


def test_a_section_of_a_later_studio_is_kept_and_said(folder: Path, tmp_path: Path) -> None:
    rewrite(folder, lambda d: d.update(FOREIGN, versions={"wobble": 3}))
    preset = load_preset(folder)
    assert preset.notes == ('The section "wobble" is not known to this studio, which keeps it without using it.',)
    save_preset(preset, tmp_path / "copy")
    saved = json.loads((tmp_path / "copy" / "preset.json").read_text("utf-8"))
    assert saved["wobble"] == FOREIGN["wobble"]
    assert saved["versions"] == {"wobble": 3}
    assert load_preset(tmp_path / "copy").unread == preset.unread


def test_a_known_section_in_a_later_version_is_kept_and_said(folder: Path, tmp_path: Path) -> None:
    rewrite(folder, lambda d: d.update(view={"layers": ["act", "enc"]}, versions={"view": 2}))
    preset = load_preset(folder)
    assert preset.view_layer is None
    assert preset.notes == ('The section "view" is of a later version of the studio; it is kept without being used.',)
    save_preset(preset, tmp_path / "copy")
    assert json.loads((tmp_path / "copy" / "preset.json").read_text("utf-8"))["view"] == {"layers": ["act", "enc"]}
    # What is set here takes its place.
    save_preset(preset.with_section(VIEW, "act"), tmp_path / "copy")
    saved = json.loads((tmp_path / "copy" / "preset.json").read_text("utf-8"))
    assert saved["view"] == {"layer": "act"}
    assert "versions" not in saved


def test_an_older_section_is_brought_up_to_date_by_itself() -> None:
    def of_one(value: Any) -> Any:
        return {"layer": value["name"]}

    known = replace(sections.registry()["view"], version=2, migrations={1: of_one})
    assert known.read({"name": "act"}, 1, "here") == "act"
    assert known.read({"layer": "act"}, 2, "here") == "act"
    with pytest.raises(StudioError, match='here: the section "view" of version 1 is damaged and cannot be updated'):
        known.read([], 1, "here")


@pytest.mark.parametrize("name", sections.registry())
def test_each_section_is_silent_at_its_default_and_has_its_migrations(name: str, folder: Path) -> None:
    known = sections.registry()[name]
    assert set(known.migrations) == set(range(1, known.version))
    save_preset(load_preset(folder).with_section(known.section, known.section.default), folder)
    assert name not in json.loads((folder / "preset.json").read_text("utf-8"))


def test_sections_stand_in_the_order_in_which_they_always_stood(folder: Path) -> None:
    preset = load_preset(folder).with_section(BYPASSED, frozenset({"dec", "act"}))
    save_preset(preset, folder)
    said = json.loads((folder / "preset.json").read_text("utf-8"))
    assert list(said)[5:] == ["weights", "source", "view", "bypassed", "tensors"]
    assert said["bypassed"] == ["act", "dec"]


STAGES_WRONG = [
    ({"layer": "nowhere"}, 'there is no layer "nowhere"'),
    ({"bend": "Wobble"}, 'There is no bend "Wobble"; there are'),
    ({"params": {"angle": "far"}}, 'Rotate: the field "angle" should be a valid number'),
    ({"amount": 2.0}, r'the field "stages\[0\]\.amount" should be less'),
    ({"channels": {"kind": "few"}}, r'the field "stages\[0\]\.channels" is wrong'),
    ({"luma": {"source": "nowhere"}}, 'there is no layer or input "nowhere" to take a map from'),
    ({"painted": {"size": [2, 2], "values": "AAAA"}}, "the mask of stage 1 is damaged"),
    ({"painted": {"size": [2, 2], "values": "???"}}, "the mask of stage 1 is damaged"),
    ({"painted": {"size": [2, 3], "values": PACKED}}, "the mask of stage 1 does not hold 2×3 values"),
    ({"painted": {"size": [9000, 9000], "values": PACKED}}, "should be less than or equal to 8192"),
    ({"luma": {"source": "act"}, "painted": {"size": [2, 2], "values": PACKED}}, "stage 1 has two masks"),
    ({"wild": 1}, "is not one that belongs there"),
]


@pytest.mark.parametrize(("change", "sentence"), STAGES_WRONG)
def test_stages_that_are_wrong_are_named(folder: Path, change: Document, sentence: str) -> None:
    stage = {"id": 1, "layer": "act", "bend": "Rotate", "params": {"angle": 30.0}}
    rewrite(folder, lambda d: d.update(stages=[stage]))
    assert load_preset(folder).section(STAGES)[0].bend.model_dump()["angle"] == 30.0
    rewrite(folder, lambda d: d.update(stages=[stage | change]))
    preset = load_preset(folder)
    [found] = preset.section(STAGES)
    assert (found.id, found.layer, found.on) == (1, (stage | change)["layer"], False)
    [note] = preset.notes
    assert re.search(sentence, note)
    assert note.startswith("Stage 1 (")
    # It goes on saying what it said, so that who has the plug-in, or the other network, finds it as it was.
    save_preset(preset, folder)
    [again] = json.loads((folder / "preset.json").read_text("utf-8"))["stages"]
    # What is at its default is left out of what is understood.
    wanted = {key: value for key, value in (stage | change).items() if key in again and key != "luma"}
    assert {"id", "layer", "bend", *change} <= again.keys()
    assert {key: again[key] for key in wanted} == wanted
    assert "on" not in again
    engine = TorchEngine(preset.bent, "cpu")
    engine.set_stages(preset.section(STAGES))
    engine.run({"input": np.zeros((3, 16, 16), np.float32)})


def test_a_stage_with_a_channel_that_there_is_not_is_off_and_the_others_work(folder: Path) -> None:
    stages = [
        {"id": 1, "layer": "act", "bend": "Invert", "channels": {"kind": "list", "channels": [77]}},
        {"id": 2, "layer": "act", "bend": "Invert"},
        {"layer": 5},
        {"id": 2},
    ]
    rewrite(folder, lambda d: d.update(stages=stages))
    preset = load_preset(folder)
    found = preset.section(STAGES)
    assert [stage.on for stage in found] == [False, True, False, False]
    assert len({stage.id for stage in found}) == 4
    assert "channel 77 is not among 0 to" in preset.notes[0]
    assert len(preset.notes) == 3


def test_of_stages_with_one_number_the_first_keeps_it_and_the_others_are_off_and_can_be_turned_on(folder: Path) -> None:
    rotate = {"id": 10**9, "layer": "act", "bend": "Rotate", "params": {"angle": 30.0}}
    invert = {"id": 10**9, "layer": "act", "bend": "Invert"}
    broken = {"id": 10**9, "layer": "act", "bend": "Wobble"}
    rewrite(folder, lambda d: d.update(stages=[broken, rotate, invert, invert | {"on": False}]))
    preset = load_preset(folder)
    bad, first, second, third = preset.section(STAGES)
    assert [stage.id for stage in (bad, first, second, third)] == [1, 10**9, 2, 3]
    assert [stage.on for stage in (bad, first, second, third)] == [False, True, False, False]
    assert len(preset.notes) == 2
    assert "Stage 2 (Invert behind act) is off: another stage has its number, 1000000000, so it is 2" in preset.notes[1]
    document = Opened(preset)
    document.change_stage(2, on=True)
    assert document.add_stage("act", make_bend("Invert", {})).id == 4
    engine = TorchEngine(preset.bent, "cpu")
    engine.set_stages(document.section(STAGES))
    save_preset(document.preset(), folder)
    again = load_preset(folder)
    assert [stage.id for stage in again.section(STAGES)] == [1, 10**9, 2, 3, 4]
    assert len(again.notes) == 1


def test_a_stage_that_takes_what_is_made_of_it_is_off_and_named(folder: Path) -> None:
    stages = [
        {"id": 1, "layer": "act", "bend": "Invert"},
        {"id": 2, "layer": "norm", "bend": "FromLayer", "source": "act"},
        {"id": 3, "layer": "act", "bend": "Invert", "luma": {"source": "dec"}},
    ]
    rewrite(folder, lambda d: d.update(stages=stages))
    preset = load_preset(folder)
    assert [stage.on for stage in preset.section(STAGES)] == [True, False, False]
    assert 'it takes the map of "act", which is made from what it bends; take an earlier one' in preset.notes[0]
    engine = TorchEngine(preset.bent, "cpu")
    engine.set_stages(preset.section(STAGES))
    engine.run({"input": np.zeros((3, 16, 16), np.float32)})


@pytest.mark.parametrize("name", sorted(bends()))
def test_stages_of_every_bend_are_saved_and_loaded_as_they_were(folder: Path, name: str) -> None:
    bend = bends()[name]()
    mask = np.random.default_rng(1).uniform(0, 1, (5, 7)).astype(np.float32)
    source = "input" if bend.other == "layer" else None
    stages = (
        Stage(3, "act", bend, SomeChannels(share=0.25, seed=4), Luma(source="input", low=0.5), 0.5, source=source),
        Stage(1, "dec", bend, ChannelList(channels=(0, 2), name="eyes"), Painted(mask), on=False, source=source),
        Stage(7, "act", bend, guard=Guard(kind="deviation", times=2.5), source=source),
    )
    preset = load_preset(folder).with_section(STAGES, stages)
    save_preset(preset, folder)
    again = load_preset(folder).section(STAGES)
    assert (again[0], again[2]) == (stages[0], stages[2])
    assert replace(again[1], mask=None) == replace(stages[1], mask=None)
    assert isinstance(again[1].mask, Painted)
    np.testing.assert_array_equal(again[1].mask.values, mask)


def test_mappings_are_saved_and_what_is_wrong_is_named(folder: Path) -> None:
    mappings = Mapping("midi/1/cc/7", "/bend/1/amount"), Mapping("midi/1/note/1", "/bend/1/on", "toggle", lo=0.5)
    save_preset(load_preset(folder).with_section(MAPPINGS, mappings), folder)
    assert load_preset(folder).section(MAPPINGS) == mappings
    for change, sentence in (
        ({"mode": "wild"}, r'"mappings\[0\]\.mode" should be'),
        ({"target": "x"}, '"x" is no address'),
    ):
        wrong = {"signal": "midi/1/cc/7", "target": "/a"} | change
        rewrite(folder, lambda d, wrong=wrong: d.update(mappings=[wrong]))
        with pytest.raises(StudioError, match=sentence):
            load_preset(folder)


ROUTES_WRONG = [
    ([{"id": 1, "source": "LFO", "target": "/bend/1/amount", "depth": 1e6}], "Route 1: its depth goes from"),
    ([{"id": 1, "source": "Wobble", "target": "/x"}], 'There is no source of movement "Wobble"'),
    ([{"id": 1, "source": "LFO", "params": {"rate": -1}, "target": "/x"}], 'LFO: the field "rate" should be greater'),
    ([{"id": 1, "source": "LFO", "target": "x"}], '"x" is no address'),
    ([{"id": 1, "source": "LFO", "target": "/x"}] * 2, "must name each of them once"),
    ([{"id": 0, "source": "LFO", "target": "/x"}], r'the field "routes\[0\]\.id" should be greater'),
    (
        [{"id": 1, "source": "LFO", "target": "/x", "curves": [{"kind": "wild"}]}],
        r'"routes\[0\]\.curves\[0\]" is wrong',
    ),
    ([{"id": 1, "source": "LFO", "target": "/x", "speed": 1}], "is not one that belongs there"),
]


@pytest.mark.parametrize(("routes", "sentence"), ROUTES_WRONG)
def test_routes_that_are_wrong_are_named(folder: Path, routes: list[Document], sentence: str) -> None:
    rewrite(folder, lambda d: d.update(routes=routes))
    with pytest.raises(StudioError, match=sentence) as caught:
        load_preset(folder)
    assert str(folder / "preset.json") in str(caught.value)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(modulators(), max_size=4), st.floats(20, 400))
def test_what_moves_is_saved_and_loaded_as_it_was(folder: Path, sources: list[Modulator], bpm: float) -> None:
    curves = (Range(lo=0.25), Lag(seconds=0.5), Quantise())
    routes = tuple(
        Route(k + 1, source, f"/bend/{k}/amount", -0.5, k or None, None, 2.0, curves[:k], k != 2)
        for k, source in enumerate(sources)
    )
    bank = (Macro(0.5, (Aim("/bend/1/amount", 1.0, -1.0),), "Storm"), *(Macro() for _ in range(7)))
    preset = load_preset(folder).with_section(ROUTES, routes).with_section(TEMPO, Tempo(bpm=bpm))
    save_preset(preset.with_section(MACRO_BANK, bank), folder)
    again = load_preset(folder)
    assert again.section(ROUTES) == routes
    assert again.section(TEMPO).bpm == bpm
    assert again.section(MACRO_BANK) == bank


# Lists.


def test_list_and_find(folder: Path, home: Path) -> None:
    save_preset(load_preset(folder), folder, np.zeros((4, 4, 3), np.uint8))
    broken = folder.with_name("broken")
    broken.mkdir()
    (broken / "preset.json").write_text('{"format": "studio-preset", "version": 9}', encoding="utf-8")
    (broken / "thumbnail.png").symlink_to(home / "weights" / "small" / "network.json")
    shutil.rmtree(home / "weights")  # a list reads none of it
    bad, good = list_presets()
    assert (good.name, good.title, good.description) == ("melting", "Melting", "faces – 融ける")
    assert (good.path, good.weights, good.thumbnail) == (folder, "weights/small", folder / "thumbnail.png")
    assert good.problem == ""
    assert (bad.name, bad.path, bad.thumbnail) == ("broken", broken, None)
    assert "later version" in bad.problem
    assert find_preset("melting") == folder
    assert find_preset(str(folder)) == folder
    with pytest.raises(StudioError, match="nor one of broken, melting"):
        find_preset("nothing")


def test_list_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    assert list_presets(tmp_path / "missing") == []


# Anything at all.

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["..", "dec"])
inner = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(max_size=4), leaves, max_size=3)
values = inner | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
fuzz = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.long
@given(st.data())
@fuzz
def test_any_mutation_gives_a_preset_or_a_sentence(folder: Path, data: st.DataObject) -> None:
    manifest = folder / "preset.json"
    whole = manifest.read_bytes()
    document = json.loads(whole)
    place = document
    if data.draw(st.booleans()):
        place = document[data.draw(st.sampled_from(["weights", "view"]))]
    for _ in range(data.draw(st.integers(1, 2))):
        key = data.draw(st.sampled_from(sorted(place)) | st.text(max_size=4))
        if data.draw(st.booleans()):
            place[key] = data.draw(values)
        else:
            place.pop(key, None)
        if not place:
            break
    try:
        manifest.write_text(json.dumps(document), encoding="utf-8")
        load_or_sentence(folder)
    finally:
        manifest.write_bytes(whole)


@pytest.mark.long
@given(st.data())
@fuzz
def test_any_damage_to_the_bytes_gives_a_preset_or_a_sentence(folder: Path, data: st.DataObject) -> None:
    file = folder / data.draw(st.sampled_from(["preset.json", "dec.weight.npy"]))
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    try:
        file.write_bytes(data.draw(st.sampled_from([damaged, damaged[:at], whole[:at]])))
        load_or_sentence(folder)
    finally:
        file.write_bytes(whole)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@fuzz
def test_any_bytes_give_a_sentence(folder: Path, data: bytes) -> None:
    whole = (folder / "preset.json").read_bytes()
    try:
        (folder / "preset.json").write_bytes(data)
        with pytest.raises(StudioError):
            load_preset(folder)
    finally:
        (folder / "preset.json").write_bytes(whole)


def load_or_sentence(folder: Path) -> None:
    try:
        preset = load_preset(folder)
    except StudioError as error:
        sentence = str(error)
    else:
        save_preset(preset, folder.parent / "again")
        assert_same(load_preset(folder.parent / "again"), preset)
        return
    assert str(folder) in sentence
    assert os.linesep not in sentence
    assert len(sentence) < 1000


def test_the_base_network_is_never_written_to(folder: Path, home: Path) -> None:
    before = {entry.name: entry.read_bytes() for entry in (home / "weights" / "small").iterdir()}
    preset = load_preset(folder)
    save_preset(replace(preset, changed={name: t * 2 for name, t in preset.network.tensors.items()}), folder)
    assert {entry.name: entry.read_bytes() for entry in (home / "weights" / "small").iterdir()} == before
    assert load_network(home / "weights" / "small").sha256() == NETWORK.sha256()


def test_a_network_that_is_saved_beside_again_and_again_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by what keeps unsaved work every half minute; unless a file of it has changed."""
    (tmp_path / "weights").mkdir()
    network = tiny_network()
    save_network(network, tmp_path / "weights" / "tiny")
    (tmp_path / "presets").mkdir()
    read: list[Path] = []
    monkeypatch.setattr(preset_weights, "load_network", lambda path: (read.append(path), load_network(path))[1])
    preset = Preset("a", network, {}, weights_path=tmp_path / "weights" / "tiny")
    for name in "abc":
        save_preset(preset, tmp_path / "presets" / name)
        assert not (tmp_path / "presets" / name / "weights").exists()
    assert len(read) == 1
    other = network.with_tensors({"enc.bias": network.tensors["enc.bias"] + 1})
    save_network(other, tmp_path / "weights" / "tiny")
    save_preset(preset, tmp_path / "presets" / "d")
    assert len(read) == 2
    assert load_preset(tmp_path / "presets" / "d").network.sha256() == network.sha256()
