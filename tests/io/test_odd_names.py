"""Names that are long, no UTF-8, or reserved somewhere: what is saved under them, or says them, is saved and read."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from helpers import tiny_network
from hypothesis import given
from hypothesis import strategies as st

import studio
from studio.errors import StudioError
from studio.io.atomic import recover_folder, write_bytes
from studio.io.autosave import Recovery, recovered
from studio.io.exporters import export_preset
from studio.io.importers import open_model
from studio.io.manifest import is_reserved, title_of
from studio.io.networks import load_network, save_network
from studio.io.opening import find_and_open
from studio.io.performances import PerformanceWriter, load_performance
from studio.io.presets import load_preset, save_preset
from studio.io.sources import open_source
from studio.io.spelling import spelled, unspelled
from studio.model.networks.preset import Preset
from studio.model.networks.section import SECOND, SOURCE
from studio.model.performances.performance import NetworkOpened, Take, Turned
from studio.runtime.live.recorder import free_path
from studio.runtime.services.importing import import_model

PRESET = Preset("dusk", tiny_network(), {})
LATIN = os.fsdecode(b"caf\xe9")
WHEN = datetime(2026, 1, 2, 3, 4, 5)


@given(name=st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_any_path_is_spelled_as_text_and_read_again(name: bytes) -> None:
    path = os.fsdecode(b"/films/" + name)
    text = spelled(path)
    text.encode()
    assert unspelled(text) == path
    for plain in ("demo", "camera:1", "latent:loop,seed=3", "/films/a b.mp4", "file:///films/a.mp4", ""):
        assert spelled(plain) == unspelled(plain) == plain


def test_a_preset_names_films_whatever_their_names_are(tmp_path: Path) -> None:
    film, other = str(tmp_path / f"{LATIN}.mp4"), str(tmp_path / "ä" / f"{LATIN}%20.mov")
    preset = PRESET.with_section(SOURCE, film).with_section(SECOND, other)
    for folder in (tmp_path / "p", tmp_path / LATIN):
        save_preset(preset, folder)
        found = load_preset(folder)
        assert (found.section(SOURCE), found.section(SECOND)) == (film, other)


def test_work_in_such_a_folder_is_kept_for_a_crash(tmp_path: Path) -> None:
    weights = tmp_path / LATIN / "net"
    run = Recovery(tmp_path / "recovery")
    run.keep(replace(PRESET, weights_path=weights), tmp_path / LATIN / "preset")
    [kept] = Recovery(tmp_path / "recovery").others()
    assert (kept.path, kept.weights_path) == (tmp_path / LATIN / "preset", weights)
    assert recovered(kept).name == "dusk"


def test_two_runs_that_begin_alike_have_a_folder_each(tmp_path: Path) -> None:
    """By a clock that was set back, and a number of the process that came again."""
    one, other = (Recovery(tmp_path, WHEN) for _ in range(2))
    one.keep(PRESET, None)
    other.keep(replace(PRESET, name="dawn"), None)
    assert {kept.name for kept in Recovery(tmp_path).others()} == {"dusk", "dawn"}


def test_a_performance_on_such_a_film_is_written_and_read(tmp_path: Path) -> None:
    path, film = tmp_path / f"{LATIN}.performance", str(tmp_path / f"{LATIN}.mp4")
    take = Take(True, 0.0, 0, Fraction(25), film, "256", film)
    writer = PerformanceWriter(path, "0" * 64, "dusk", take)
    opened = NetworkOpened(1.0, "1" * 64, "dawn", film)
    for event in (Turned(0.5, "/bend/1/amount", 0.5), opened):
        writer.write(event)
    writer.close()
    found = load_performance(path)
    assert found.take == take
    assert found.events[1] == opened


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file may become larger: as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_performance_on_a_full_disk_ends_in_a_sentence(tmp_path: Path) -> None:
    with full_at(0), pytest.raises(StudioError, match=r"cannot write .*a\.performance"):
        PerformanceWriter(tmp_path / "a.performance", "0" * 64, "dusk")
    assert list(tmp_path.iterdir()) == []
    with full_at(300):
        writer = PerformanceWriter(tmp_path / "b.performance", "0" * 64, "dusk")
        events = [Turned(float(number), "/bend/1/amount", 0.5) for number in range(100)]
        with pytest.raises(StudioError, match="cannot write"):
            [writer.write(event) for event in events]
        with pytest.raises(StudioError, match="cannot write"):
            writer.close()
    assert len(load_performance(tmp_path / "b.performance").events) >= 2


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, f"{'n' * 250}.json", "中" * 85])
def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path: Path, name: str) -> None:
    for content in (b"one", b"two"):
        write_bytes(tmp_path / name, content)
    assert (tmp_path / name).read_bytes() == b"two"
    (tmp_path / name).unlink()
    for title in ("one", "two"):
        save_preset(replace(PRESET, name=title), tmp_path / name)
    recover_folder(tmp_path / name)
    assert load_preset(tmp_path / name).name == "two"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "preset", ["中" * 120, "CON", "nul.", "Aux", "com1", "COM²", "conout$", "a/b\\c:d", "...", "x" * 500]
)
def test_a_recording_has_a_name_that_every_system_takes(tmp_path: Path, preset: str) -> None:
    for suffix in (".mp4", "", ".performance"):
        path = free_path(tmp_path, "{preset}", preset, suffix, WHEN)
        path.with_name(f".{path.stem}.0123456789abcdef.new{path.suffix}").write_bytes(b"")
        path.write_bytes(b"")
        assert path.parent == tmp_path
        assert not is_reserved(path.name)
        again = free_path(tmp_path, "{preset}", preset, suffix, WHEN)
        assert again != path
        again.write_bytes(b"")


@pytest.mark.parametrize("name", [LATIN, "two\nlines", "n" * 240, "ü\u2028x", " \t"])
def test_a_model_is_imported_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    model = tmp_path / f"{name}.onnx"
    export_preset(PRESET, tmp_path / "plain.onnx")
    (tmp_path / "plain.onnx").rename(model)
    preset, _ = import_model(model, tmp_path / "home")
    assert preset.weights_path is not None
    assert preset.weights_path.parent == tmp_path / "home"
    assert preset.network.name
    assert preset.network.graph.output
    save_network(preset.network, tmp_path / name)
    assert load_network(tmp_path / name).name == preset.network.name


@pytest.mark.parametrize("name", ["n" * 5000, f"{'n' * 300}.onnx", "a\0b.onnx", f"no/{'n' * 300}/where", "loop.onnx"])
def test_a_model_that_no_disk_can_hold_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.onnx").symlink_to("loop.onnx")
    with pytest.raises(StudioError, match="does not exist; check the name"):
        open_model(tmp_path / name)


@pytest.mark.parametrize("opens", [find_and_open, open_source, studio.load])
@pytest.mark.parametrize("name", ["x" * 5000, "x/" * 3000, "a\0b"], ids=["long", "deep", "zero"])
def test_nothing_is_called_by_a_name_that_no_disk_can_hold(opens: Callable[[str], object], name: str) -> None:
    with pytest.raises(StudioError, match=r"[Tt]here is no"):
        opens(name)


def test_a_name_with_a_zero_in_it_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for save in (lambda path: save_preset(PRESET, path), lambda path: write_bytes(path, b"x")):
        with pytest.raises(StudioError, match="can be no path"):
            save(tmp_path / "a\0b")


def test_any_text_becomes_a_title() -> None:
    assert title_of("A fine\nname", "x") == "A fine name"
    assert title_of(LATIN, "x") == "caf\ufffd"
    assert title_of("\n\t ", "x") == "x"
    assert len(title_of("ü" * 500, "x")) == 120
