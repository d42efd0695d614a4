"""What others have on the disk stays, whatever the studio writes beside it, in its place, or at the same moment."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network

from studio.cli.learnt import Safe
from studio.errors import StudioError
from studio.io import _rename, atomic, importers
from studio.io.atomic import replacing_folder
from studio.io.exporters import ExportOptions, export_preset
from studio.io.folders import carry_over
from studio.io.networks import save_network
from studio.io.presets import load_preset, remove_preset, save_preset
from studio.io.sinks import open_sink
from studio.learn import checkpoint
from studio.learn.asked import Asked
from studio.model.declared.size import Size
from studio.model.networks.preset import Preset
from studio.runtime.services import importing

PRESET = Preset("dusk", tiny_network(), {})
BENT = replace(PRESET, changed={"enc.bias": tiny_network().tensors["enc.bias"] + 1})


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


Save = Callable[[Path], object]
SAVES: dict[str, Save] = {
    "preset": lambda path: save_preset(PRESET, path),
    "network": lambda path: save_network(tiny_network(), path),
    "export": lambda path: export_preset(PRESET, path),
}


@pytest.mark.parametrize("kind", list(SAVES))
@pytest.mark.parametrize("content", [b'{"format": "another-program", "version": 1}', b"", b"\xff\xfe nothing"])
def test_a_manifest_of_another_program_is_not_taken_for_ours(tmp_path: Path, kind: str, content: bytes) -> None:
    folder = tmp_path / "theirs"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "mine.txt").write_bytes(b"mine")
    for name in ("preset.json", "network.json"):
        (folder / name).write_bytes(content)
    before = files(folder)
    with pytest.raises(StudioError, match="holds other files"):
        SAVES[kind](folder)
    assert files(folder) == before


def test_a_damaged_preset_of_ours_can_be_saved_over(tmp_path: Path) -> None:
    save_preset(BENT, tmp_path / "p")
    file = tmp_path / "p" / "preset.json"
    file.write_bytes(file.read_bytes()[:60])
    save_preset(PRESET, tmp_path / "p")
    assert load_preset(tmp_path / "p").name == "dusk"


@pytest.mark.parametrize("carried", [True, False])
def test_what_lies_within_a_preset_stays_when_it_is_saved_and_removed(tmp_path: Path, carried: bool) -> None:
    """Also in its folder of weights, whether its network lies there or not."""
    home = tmp_path / "presets"
    home.mkdir()
    given = BENT
    if not carried:
        (tmp_path / "weights").mkdir()
        save_network(tiny_network(), tmp_path / "weights" / "tiny")
        given = replace(BENT, weights_path=tmp_path / "weights" / "tiny")
    folder = home / "dusk"
    save_preset(given, folder)
    assert (folder / "weights").is_dir() == carried
    theirs = {"notes.txt": b"a", "weights/other.npy": b"b", "weights/deep/er.txt": b"c", "enc.weight.npy": b"d"}
    if carried:
        theirs["weights/tiny/notes.txt"] = b"e"
    for name, content in theirs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    save_preset(replace(given, name="dawn"), folder)
    assert theirs.items() <= files(folder).items()
    assert load_preset(folder).name == "dawn"
    remove_preset(folder)
    # What stood beside the network that it carried came with it.
    theirs.pop("weights/tiny/notes.txt", None)
    assert files(folder) == theirs


def test_what_has_the_name_of_something_that_is_written_gets_another(tmp_path: Path) -> None:
    save_preset(PRESET, tmp_path / "p")
    save_network(tiny_network(), tmp_path / "net")
    (tmp_path / "p" / "enc.bias.npy").write_bytes(b"hers")
    (tmp_path / "p" / "enc.bias 2.npy").write_bytes(b"hers, too")
    (tmp_path / "p" / "thumbnail.png").symlink_to("/elsewhere/picture.png")
    (tmp_path / "net" / "LICENSE").write_bytes(b"free")
    for _ in range(2):
        save_preset(BENT, tmp_path / "p", np.zeros((8, 8, 3), np.uint8))
        export_preset(replace(BENT, weights_path=tmp_path / "net"), tmp_path / "out")
        if not (tmp_path / "out" / "LICENSE 2").exists():
            (tmp_path / "out" / "LICENSE").write_bytes(b"mine")
    assert load_preset(tmp_path / "p").changed.keys() == {"enc.bias"}
    found = files(tmp_path / "p")
    assert (found["enc.bias 2.npy"], found["enc.bias 3.npy"]) == (b"hers, too", b"hers")
    beside = sorted(name for name in found if not name.startswith("weights/"))
    assert beside == ["enc.bias 2.npy", "enc.bias 3.npy", "enc.bias.npy", "preset.json", "thumbnail.png"]
    assert {files(tmp_path / "out")[name] for name in ("LICENSE", "LICENSE 2")} == {b"free", b"mine"}


def test_links_in_a_preset_that_carries_its_network_stay_the_same_however_often_it_is_saved(tmp_path: Path) -> None:
    """They come along twice: with what lies in the preset, and with the network that lies there, too."""
    folder = tmp_path / "dusk"
    save_preset(BENT, folder)
    (tmp_path / "there.txt").write_bytes(b"free")
    (tmp_path / "all").mkdir()
    within = folder / "weights" / "tiny"
    links = {
        "LICENSE": str(tmp_path / "there.txt"),
        "NOTES": "nowhere",
        "itself": "itself",
        "more": str(tmp_path / "all"),
    }
    for name, target in links.items():
        (within / name).symlink_to(target)
    (within / "copy.txt").write_bytes(b"free")
    before = sorted(path.name for path in within.iterdir())
    for number in range(3):
        save_preset(replace(load_preset(folder), name=f"dusk {number}"), folder)
        assert sorted(path.name for path in within.iterdir()) == before
    assert {name: str((within / name).readlink()) for name in links} == links
    # One of that name that leads elsewhere is another, and stays beside it.
    save_network(tiny_network(), tmp_path / "far")
    (tmp_path / "far" / "LICENSE").symlink_to("elsewhere")
    for _ in range(3):
        save_preset(replace(BENT, weights_path=tmp_path / "far"), folder)
        assert sorted(path.name for path in within.iterdir()) == sorted([*before, "LICENSE 2"])
    assert str((within / "LICENSE").readlink()) == "elsewhere"
    assert str((within / "LICENSE 2").readlink()) == links["LICENSE"]


def test_a_preset_that_carries_its_network_no_more_leaves_nothing_of_it(tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "far")
    (tmp_path / "far" / "LICENSE").write_bytes(b"free")
    (tmp_path / "home" / "weights").mkdir(parents=True)
    folder = tmp_path / "home" / "presets" / "dusk"
    folder.parent.mkdir()
    save_preset(replace(BENT, weights_path=tmp_path / "far"), folder)
    assert (folder / "weights" / "tiny" / "LICENSE").is_file()
    near = (tmp_path / "far").rename(tmp_path / "home" / "weights" / "tiny")
    save_preset(replace(BENT, weights_path=near), folder)
    assert sorted(files(folder)) == ["enc.bias.npy", "preset.json"]
    remove_preset(folder)
    assert not folder.exists()


# -- at the same moment ----------------------------------------------------------------------------------------------


def test_what_comes_into_a_folder_while_it_is_replaced_stays(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    for name in ("old.npy", "note.txt", "kept.txt"):
        (folder / name).write_bytes(b"before")
    with replacing_folder(folder) as beside:
        carry_over(folder, beside, lambda name: name == "old.npy")
        (beside / "new.npy").write_bytes(b"new")
        # An editor saves its note, and something is dropped there.
        (folder / "note.txt").write_bytes(b"after")
        (folder / "dropped.txt").write_bytes(b"dropped")
        (folder / "new.npy").write_bytes(b"not this")
    assert files(folder) == {
        "new.npy": b"new",
        "note.txt": b"after",
        "kept.txt": b"before",
        "dropped.txt": b"dropped",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_of_a_folder_that_another_studio_saved_meanwhile_nothing_is_mixed_in(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "a.npy").write_bytes(b"first")
    with replacing_folder(folder) as beside:
        with replacing_folder(folder) as other:
            (other / "b.npy").write_bytes(b"theirs")
        (beside / "c.npy").write_bytes(b"ours")
    assert files(folder) == {"c.npy": b"ours"}


def _import(path: Path) -> None:
    kernels = path.with_name("kernels")
    save_network(tiny_network(), kernels)
    importers.save_imported(importers.open_model(kernels), path, overwrite=False)


def _export(path: Path) -> None:
    export_preset(PRESET, path, options=ExportOptions(overwrite=False))


NEW: dict[str, Save] = {
    "preset": lambda path: save_preset(PRESET, path, overwrite=False),
    "network": lambda path: save_network(tiny_network(), path, overwrite=False),
    "import": _import,
    "folder": _export,
    "a.pt": _export,
    "a.safetensors": _export,
    "a.onnx": _export,
}


@pytest.mark.parametrize("name", list(NEW))
def test_what_comes_to_be_there_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path, real = tmp_path / name, atomic.beside_of

    def meanwhile(beside: Path, role: str) -> Path:
        if beside == path and not path.exists():
            if path.suffix:
                path.write_bytes(b"theirs")
            else:
                path.mkdir()
                (path / "theirs.txt").write_bytes(b"theirs")
        return real(beside, role)

    monkeypatch.setattr(atomic, "beside_of", meanwhile)
    with pytest.raises(FileExistsError):
        NEW[name](path)
    assert path.read_bytes() == b"theirs" if path.suffix else files(path) == {"theirs.txt": b"theirs"}
    assert not [left for left in tmp_path.iterdir() if left.name.startswith(".")]


def test_two_studios_that_import_one_model_make_two_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_network(tiny_network(), tmp_path / "kernels")
    home = tmp_path / "home"
    first, _ = importing.import_model(tmp_path / "kernels", home)
    looks: list[Path] = []

    def not_yet(path: Path) -> bool:
        looks.append(path)
        # The first look is before the other studio has written it.
        return len(looks) > 1 and atomic.exists(path)

    monkeypatch.setattr(importing, "exists", not_yet)
    second, _ = importing.import_model(tmp_path / "kernels", home)
    assert first.weights_path == home / "kernels"
    assert second.weights_path == home / "kernels-2"


def test_two_lessons_for_one_folder_keep_a_checkpoint_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(what: bytes, path: Path, _: Asked, *, overwrite: bool = True) -> None:
        atomic.write_bytes(path, what, overwrite=overwrite)

    monkeypatch.setattr(checkpoint, "save_checkpoint", written)
    one, other = (Safe(tmp_path / "mine", None, Asked()) for _ in range(2))
    for content in (b"1", b"2"):
        for lesson, name in ((one, b"one"), (other, b"other")):
            lesson.keep(name + content)  # type: ignore[arg-type]
    assert files(tmp_path) == {"mine.learning.safetensors": b"one2", "mine.learning-2.safetensors": b"other2"}
    one.drop()
    assert files(tmp_path) == {"mine.learning-2.safetensors": b"other2"}
    # What a lesson goes on from is its own; what it has not written is not.
    Safe(tmp_path / "mine", tmp_path / "another.safetensors", Asked()).drop()
    again = Safe(tmp_path / "mine", tmp_path / "mine.learning.safetensors", Asked())
    again.keep(b"three")  # type: ignore[arg-type]
    again.drop()
    assert files(tmp_path) == {"mine.learning-2.safetensors": b"other2"}


def test_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    save_preset(PRESET, tmp_path / "x", overwrite=False)
    assert load_preset(tmp_path / "x").name == "dusk"


# -- where the system knows less -------------------------------------------------------------------------------------


@pytest.fixture(params=["hard links", "neither"])
def poorer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system, as of sticks and shares, that cannot take a name only where it is free, nor exchange two."""
    monkeypatch.setattr(_rename, "_renamed", lambda *_: False)
    if request.param == "neither":

        def unknown(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", unknown)
    return str(request.param)


@pytest.mark.usefixtures("poorer")
def test_there_too_a_name_is_taken_only_where_it_is_free(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        atomic.write_bytes(tmp_path / "a.txt", b"ours", overwrite=False)
    atomic.write_bytes(tmp_path / "b.txt", b"ours", overwrite=False)
    assert atomic.write_free(tmp_path / "a.txt", b"ours") == tmp_path / "a 2.txt"
    (tmp_path / "link.txt").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        _rename.take_free(tmp_path / "b.txt", tmp_path / "link.txt")
    assert files(tmp_path) == {"a.txt": b"theirs", "b.txt": b"ours", "a 2.txt": b"ours"}
    save_preset(PRESET, tmp_path / "p", overwrite=False)
    with pytest.raises(FileExistsError):
        save_preset(BENT, tmp_path / "p", overwrite=False)
    assert not load_preset(tmp_path / "p").changed
    save_preset(BENT, tmp_path / "p")
    assert load_preset(tmp_path / "p").changed
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "b.txt", "a 2.txt", "link.txt", "p"}


@pytest.mark.usefixtures("poorer")
def test_there_too_what_comes_into_a_folder_meanwhile_stays(tmp_path: Path) -> None:
    save_preset(PRESET, tmp_path / "p")
    with replacing_folder(tmp_path / "p") as beside:
        (beside / "new.txt").write_bytes(b"new")
        (tmp_path / "p" / "dropped.txt").write_bytes(b"dropped")
    assert files(tmp_path / "p") == {"new.txt": b"new", "dropped.txt": b"dropped"}


@pytest.mark.usefixtures("poorer")
def test_there_too_a_recording_leaves_what_others_wrote(tmp_path: Path) -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    for name, codec in (("a.mkv", "ffv1"), ("a.png", "png"), ("frames", "png")):
        for again in (False, True):
            with open_sink(tmp_path / name, codec=codec, size=Size(32, 32), fps=Fraction(25), overwrite=again) as sink:
                sink.write(picture)
        assert (tmp_path / name).exists()
    (tmp_path / "frames" / "mine.txt").write_bytes(b"mine")
    with open_sink(tmp_path / "frames", codec="png", size=Size(32, 32), fps=Fraction(25), overwrite=True) as sink:
        sink.write(picture)
    assert (tmp_path / "frames" / "mine.txt").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"a.mkv", "a.png", "frames"}
