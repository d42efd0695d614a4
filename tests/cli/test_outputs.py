"""Where outputs may go: what the studio did not write is neither replaced nor deleted, whatever it is called."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from commands import flat
from helpers import tiny_network

from studio.errors import StudioError
from studio.io import places
from studio.io.exporters import export_preset
from studio.io.networks import load_network, save_network
from studio.io.performances import save_performance
from studio.io.places import refuse_overlap
from studio.io.presets import load_preset, save_preset
from studio.io.sinks import _manifest
from studio.model.networks.preset import Preset
from studio.model.networks.section import SECOND
from studio.model.performances.performance import Arranged, Event, NetworkOpened, Performance, Prepared, Ran, Turned

StudioHere = Callable[..., tuple[int, str, str]]
TORCH = ("--engine", "torch")


def state_of(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        kept = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else path.is_dir()
        found[path.relative_to(folder).as_posix()] = kept
    return found


@pytest.fixture
def brought(made: Path, tmp_path: Path) -> Path:
    """What a person has: pictures, a film, a network and a preset of it, and links to some of them."""
    (tmp_path / "pics").mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "pics" / f"a_{number}.png"), flat(number))
    shutil.copy(made / "film.mp4", tmp_path / "film.mp4")
    shutil.copytree(made / "identity", tmp_path / "net")
    network = tiny_network()
    changed = {"enc.bias": network.tensors["enc.bias"] + 1}
    save_preset(Preset("mine", network, changed), tmp_path / "mine")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "x_0.png").symlink_to("../pics/a_0.png")
    (tmp_path / "hard").mkdir()
    os.link(tmp_path / "pics" / "a_1.png", tmp_path / "hard" / "y.png")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "itself.mkv").symlink_to("itself.mkv")
    os.link(tmp_path / "film.mp4", tmp_path / "again.mp4")
    return tmp_path


RENDER = ("render", "{source}", "{output}", "--preset", "net", *TORCH, "--frames", "0:1", "--overwrite")
TRAIN = ("train", "net", "{source}", "{output}", "--steps", "1", "--size", "16", "--batch", "1", *TORCH)
EXPORT = ("export", "{source}", "{output}", "--format", "pytorch", "--overwrite")

ATTACKS: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "a picture that a folder links to": (RENDER, "links", "pics/a_0.png", "would replace its own source"),
    "a picture that is in a folder by another name": (RENDER, "hard", "pics/a_1.png", "would replace its own source"),
    "the folder that pictures are linked from": (RENDER, "links", "pics", "lies in the folder"),
    "the film by another name": (RENDER, "film.mp4", "again.mp4", "would replace its own source"),
    "the second film": ((*RENDER, "--second", "film.mp4"), "pics", "again.mp4", "would replace its own source"),
    "the folder of second pictures": ((*RENDER, "--second", "pics"), "film.mp4", "pics/b", "is its own source"),
    "the list of bends": ((*RENDER, "--bends-yaml", "pics/a_0.png"), "film.mp4", "pics/a_0.png", "it is made from"),
    "a link that leads to itself": (RENDER, "film.mp4", "itself.mkv", ""),
    "a folder's link that leads to itself": (TRAIN, "pics", "itself", "is there already"),
    "a lesson within its pictures": (TRAIN, "pics", "pics/learnt", "is its own source"),
    "a tensor of the network": (EXPORT, "net", "net/same.weight.npy", "is part of the network"),
    "what a network says": (EXPORT, "mine", "net/network.json", "is part of the network"),
    "what a preset says": (EXPORT, "net", "mine/preset.json", "is part of the preset"),
    "a tensor of the preset": (EXPORT, "mine", "mine/enc.bias.npy", "is part of the preset"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_read_is_never_replaced(studio_here: StudioHere, brought: Path, attack: str) -> None:
    words, source, output, said = ATTACKS[attack]
    before = state_of(brought)
    status, _, err = studio_here(*(word.format(source=source, output=output) for word in words))
    after = state_of(brought)
    if said:
        assert status == 2
        assert said in err
        assert after == before
    else:  # asked for, and nothing is behind that link
        assert before.items() - after.items() == {(output, output)}


@pytest.mark.parametrize("said_in", ["the preset", "a section", "a fade", "another network"])
@pytest.mark.parametrize("output", ["pics/a_1.png", "hard/y.png"])
def test_what_a_performance_plays_besides_is_never_replaced(
    studio_here: StudioHere, brought: Path, said_in: str, output: str
) -> None:
    network = load_network(brought / "net")
    preset = Preset("hers", network, {}, weights_path=brought / "net")
    if said_in == "the preset":
        preset = preset.with_section(SECOND, "pics/a_1.png")
    save_preset(preset, brought / "hers")
    named = Arranged(0.1, "second", "pics/a_1.png")
    other = tiny_network()
    save_network(other, brought / "other")
    opened = NetworkOpened(0.1, other.sha256(), "other", str(brought / "other"))
    events: dict[str, tuple[Event, ...]] = {
        "the preset": (Turned(0.1, "/tempo/bpm", 90.0),),
        "a section": (named,),
        "a fade": (Prepared(0.1, 1, named),),
        "another network": (Ran(0.0, 0, 0.0), opened, named, Ran(0.1, 1, 0.1)),
    }
    save_performance(Performance(network.sha256(), "hers", events[said_in]), brought / "a.performance")
    before = state_of(brought)
    played = ("--preset", "hers", "--performance", "a.performance", "--frames", "0:1", "--size", "32", *TORCH)
    status, _, err = studio_here("render", "film.mp4", output, "--overwrite", *played)
    assert (status, "would replace its own source" in err) == (2, True), err
    assert state_of(brought) == before
    # Another that is given is played in its place.
    status, _, err = studio_here("render", "film.mp4", output, "--overwrite", *played, "--second", "pics/a_2.png")
    assert "would replace" not in err


def test_a_network_is_found_whole_after_all_attempts(studio_here: StudioHere, brought: Path) -> None:
    for name in ("same.weight.npy", "network.json"):
        with pytest.raises(StudioError, match="is part of the network"):
            export_preset(load_preset(brought / "mine"), brought / "net" / name, "safetensors")
    status, _, _ = studio_here("export", "mine", "net/beside.pt")
    assert status == 0
    load_network(brought / "net")


def test_places_that_differ_in_case_alone_are_one_where_the_disk_says_so(
    brought: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS and Windows: a link stands for the other spelling, and no path resolves it."""
    (brought / "PICS").symlink_to("pics")
    monkeypatch.setattr(places.os.path, "realpath", lambda path: str(Path(path).absolute()))
    for source, output in (
        ("pics", "PICS/bent"),
        ("PICS/a_0.png", "pics"),
        ("pics/a_0.png", "PICS"),
        ("pics", "PICS"),
        ("pics/a_%d.png", "PICS/b_%d.png"),
        ("PICS/a_0.png", "pics/a_0.png"),
    ):
        with pytest.raises(StudioError, match=r"own source|lies in the folder"):
            refuse_overlap(str(brought / source), brought / output)
    refuse_overlap(str(brought / "pics"), brought / "pics2")


def test_a_list_that_somebody_made_gives_no_other_file_away(studio_here: StudioHere, brought: Path) -> None:
    """Of a recording's list only numbered pictures are believed; that of another recording tells of none here."""
    folder = brought / "rec"
    words = ("render", "film.mp4", "rec", "--preset", "net", *TORCH, "--frames")
    assert studio_here(*words, "0:2")[0] == 0
    theirs = {"notes.txt": b"mine", "scan.png": b"mine, too"}
    for name, data in theirs.items():
        (folder / name).write_bytes(data)
    said = json.loads((folder / "recording.json").read_bytes())
    said["files"] |= {name: _manifest.digest(data) for name, data in theirs.items()}
    (folder / "recording.json").write_text(json.dumps(said))
    assert studio_here(*words, "0:1", "--overwrite")[0] == 0
    assert {name: (folder / name).read_bytes() for name in theirs} == theirs
    assert not (folder / "frame_00001.png").exists()

    shots = brought / "shots"
    shots.mkdir()
    (shots / "frame_00000.png").write_bytes(b"hers")
    shutil.copy(folder / "recording.json", shots)
    status, _, err = studio_here(*words[:2], "shots", *words[3:], "0:1", "--overwrite")
    assert status == 2
    assert "which the studio did not write there" in err
    assert (shots / "frame_00000.png").read_bytes() == b"hers"


def test_a_folder_that_holds_links_to_nowhere_is_exported_over(studio_here: StudioHere, brought: Path) -> None:
    save_network(tiny_network(), brought / "out")
    (brought / "out" / "gone").symlink_to("nowhere")
    status, out, _ = studio_here("export", "mine", "out", "--overwrite")
    assert (status, out.startswith("out: ")) == (0, True)
    assert str((brought / "out" / "gone").readlink()) == "nowhere"
