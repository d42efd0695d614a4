"""``studio train`` from outside: its memory, crashes, and painted rates."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT, layer, network, tiny_network

import studio
from studio.cli import app
from studio.cli.learnt import kept_in
from studio.cli.steps import shown_steps
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.io.presets import save_preset
from studio.learn import memory
from studio.learn.checkpoint import lesson_of
from studio.learn.learner import Step
from studio.learn.networks import parse_new
from studio.learn.prepare import Asked, open_network, prepare
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheets
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.preset import Preset


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(
            str(folder / f"{number}.png"), np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        )
    return folder


def train(*words: object) -> None:
    app(["train", *map(str, words), "--engine", "torch"], standalone_mode=False)


def test_memory_is_said_before_the_first_step(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train("new:autoencoder,width=2", pictures, tmp_path / "out", "--size", 16, "--steps", 1)
    said = capfd.readouterr()
    assert "A step takes about 1 MB of memory." in said.err
    assert "out: 1 step, loss " in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cosine", "--until", "20"), "lets the rate fall over --steps; give those besides --minutes or --until"),
        (("--cosine", "--minutes", "1"), "lets the rate fall over --steps; give those besides --minutes"),
        (("--extractor", "autoencoder-transposed"), "no --loss asks for either"),
        (("--bends",), "has none"),
    ],
)
def test_what_has_nothing_to_do_is_refused(pictures: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(StudioError, match=said):
        train("new:autoencoder,width=2", pictures, tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_it_ends_where_the_picture_is_as_near_as_it_should_be(pictures: Path, tmp_path: Path) -> None:
    words = ("--size", 16, "--batch", 1, "--rate", 0)
    train("new:autoencoder,width=2", pictures, tmp_path / "near", *words, "--until", 1)
    near = json.loads((tmp_path / "near" / "training.json").read_text())
    # So many steps are what the mean is of; what is enough is looked at now and then.
    assert near["steps"] >= 20
    train("new:autoencoder,width=2", pictures, tmp_path / "far", *words, "--until", 90, "--steps", 30)
    assert json.loads((tmp_path / "far" / "training.json").read_text())["steps"] == 30


def test_a_rate_of_zero_moves_nothing_and_is_not_the_usual_one(pictures: Path, tmp_path: Path) -> None:
    how = ("--size", 16, "--steps", 2, "--batch", 1)
    train("new:autoencoder,width=2,seed=3", pictures, tmp_path / "still", *how, "--rate", 0)
    train("new:autoencoder,width=2,seed=3", pictures, tmp_path / "usual", *how)
    first = parse_new("autoencoder,width=2,seed=3").make().tensors
    still, usual = (load_network(tmp_path / name).tensors for name in ("still", "usual"))
    assert all(np.array_equal(still[name], value) for name, value in first.items())
    assert not any(np.array_equal(usual[name], value) for name, value in first.items())


def test_gradients_that_are_all_zero_are_said(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through a network that sees edges alone what is still flat has none."""
    save_network(
        network(
            layer("a", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
            layer("out", "Hardtanh", "a", min_val=7.0, max_val=8.0),
        ),
        tmp_path / "flat",
    )
    train(tmp_path / "flat", pictures, tmp_path / "out", "--size", 16, "--steps", 1)
    said = " ".join(capfd.readouterr().err.split())
    assert "All gradients of the first step are zero" in said


def test_too_little_memory_is_refused_before_anything_is_written(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _: 2 * 10**6)
    with pytest.raises(StudioError, match=r"needs \d+ MB of memory, and 2 MB are free: choose a size of \d+"):
        train("new:autoencoder,width=4", pictures, tmp_path / "out", "--size", 512)
    assert not (tmp_path / "out").exists()


def test_crops_that_do_not_fit_together_come_to_the_same_step(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(str(pictures), size=16, batch=8, rate=1e-2)
    one, notes = prepare(open_network("new:autoencoder,width=4"), asked, "torch")
    assert notes == ()
    need = one.need
    assert need is not None
    monkeypatch.setattr(memory, "free_memory", lambda _: (need.weights + 2 * need.crop) / 0.89)
    other, notes = prepare(open_network("new:autoencoder,width=4"), asked, "torch")
    assert other.settings.at_once == 2
    assert "2 at a time" in notes[0]
    assert other.step().loss == pytest.approx(one.step().loss, rel=1e-5)
    for name, tensor in one.result().tensors.items():
        assert np.allclose(tensor, other.tensor(name), atol=1e-5)


@pytest.mark.long
def test_a_lesson_that_is_killed_leaves_a_checkpoint_that_goes_on(pictures: Path, tmp_path: Path) -> None:
    """SIGKILL, as a crash or a lack of power: nothing can be caught."""
    out, safe = tmp_path / "out", tmp_path / "out.learning.safetensors"
    words = ["train", "new:autoencoder,width=2", str(pictures), str(out), "--size", "16", "--steps", "1000000"]
    code = (
        "import importlib; t = importlib.import_module('studio.cli.train'); t._AUTOSAVE = t._LOOK = 0.0;"
        "from studio.cli import app; app()"
    )
    command = [sys.executable, "-c", code, *words, "--engine", "torch", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert not out.exists()
    with pytest.raises(StudioError, match=r"did not come to its end.*--resume"):
        train("new:autoencoder,width=2", pictures, out, "--size", 16, "--steps", 30)
    train("new:autoencoder,width=2", pictures, out, "--size", 16, "--steps", 1000, "--resume", safe, "--minutes", 0.02)
    told = json.loads((out / "training.json").read_text("utf-8"))
    assert told["steps"] >= 20
    assert load_network(out).tensors
    assert not safe.exists()


def test_steps_behind_a_checkpoint_count_those_before_it(pictures: Path, tmp_path: Path) -> None:
    words = ("new:autoencoder,width=2", pictures)
    train(*words, tmp_path / "five", "--size", 16, "--steps", 5, "--keep", "--loss", "l1=0.5", "--optimiser", "sgd")
    # So the window goes on with the same lesson, too.
    lesson = lesson_of(kept_in(tmp_path / "five"))
    assert lesson is not None
    assert (lesson.source, lesson.size, lesson.losses, lesson.optimiser) == (str(pictures), 16, "l1=0.5", "sgd")
    with pytest.raises(StudioError, match=r"taken after step 5, and the lesson ends with step 5: give more --steps"):
        train(*words, tmp_path / "more", "--size", 16, "--steps", 5, "--resume", tmp_path / "five")
    assert not (tmp_path / "more").exists()
    train(*words, tmp_path / "more", "--size", 16, "--steps", 7, "--resume", tmp_path / "five", "--optimiser", "sgd")
    assert json.loads((tmp_path / "more" / "training.json").read_text("utf-8"))["steps"] == 7


def test_ctrl_c_while_it_is_written_loses_nothing(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks = importlib.import_module("studio.io.networks")
    save = networks.save_network

    def pressed(*given: object, **how: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        save(*given, **how)

    monkeypatch.setattr(networks, "save_network", pressed)
    out = tmp_path / "out"
    train("new:autoencoder,width=2", pictures, out, "--size", 16, "--batch", 1, "--steps", 2, "--keep")
    assert json.loads((out / "training.json").read_text())["steps"] == 2
    assert kept_in(out).exists()


def test_the_speed_behind_a_checkpoint_is_that_of_its_own_steps(capfd: pytest.CaptureFixture[str]) -> None:
    with shown_steps(False, 0, 0.0) as show:
        for number in range(1001, 1006):
            show(Step(number, 0.5, {}, 20.0, 1.0, 1e-3, 1.0), float(number - 1000))
    assert {line.split()[-2] for line in capfd.readouterr().err.splitlines()} == {"1.0"}


def test_only_names_of_files_are_written_beside_the_weights(pictures: Path, tmp_path: Path) -> None:
    mine = tmp_path / "folder" / "mine"
    mine.parent.mkdir()
    save_network(tiny_network(), mine)
    by = ("--wanted", f"as:{mine}", "--loss", "l1=1,features=1", "--extractor", mine, "--layers", "*")
    train("new:autoencoder,width=2", pictures, tmp_path / "out", "--size", 16, "--batch", 1, "--steps", 1, *by)
    said = (tmp_path / "out" / "training.json").read_text()
    assert str(tmp_path) not in said
    assert (json.loads(said)["wanted"], json.loads(said)["extractor"]) == ("as:mine", "mine")


def test_a_full_disk_at_a_checkpoint_is_said_and_what_is_learnt_is_kept(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, _: bytes, **__: object) -> None:
        raise StudioError(f"cannot write {path}: there is no space left on the disk")

    monkeypatch.setattr("studio.learn.checkpoint.write_arrays", full)
    for name in ("_AUTOSAVE", "_LOOK"):
        monkeypatch.setattr(importlib.import_module("studio.cli.train"), name, 0.0)
    train("new:autoencoder,width=2", pictures, tmp_path / "out", "--size", 16, "--steps", 3)
    assert "no space left on the disk. Learning continues." in " ".join(capfd.readouterr().err.split())
    assert json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))["steps"] == 3


@pytest.mark.parametrize("wanted", ["same", "damage:noise=0.1,masked=0.2"])
def test_the_same_lesson_twice_makes_the_same_weights(pictures: Path, tmp_path: Path, wanted: str) -> None:
    words = ["new:autoencoder,width=4,seed=1", pictures, "--size", 16, "--steps", 5, "--seed", 3, "--wanted", wanted]
    for name, rest in (("one", []), ("two", []), ("other", ["--seed", 4])):
        train(*words[:1], pictures, tmp_path / name, *words[2:], *rest)
    one, two, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.npy")} for name in ("one", "two", "other")
    )
    assert one.keys() == two.keys()
    assert one == two
    assert one != other


def test_rates_painted_in_a_preset_hold_while_it_is_trained(pictures: Path, tmp_path: Path) -> None:
    network = tiny_network(seed=2)
    save_network(network, tmp_path / "net")
    name = next(name for name, tensor in network.tensors.items() if tensor.ndim == 4)
    rates = np.ones(sheet_size(network.tensors[name].shape), np.float32)
    rates[:4] = 0
    sheets = LearningSheets().with_sheet("rates", name, rates)
    preset = Preset("held", network, {}, weights_path=tmp_path / "net", sections={LEARNING_SHEETS: sheets})
    save_preset(preset, tmp_path / "held")
    train(tmp_path / "held", pictures, tmp_path / "out", "--size", 16, "--batch", 2, "--steps", 3, "--rate", 1e-2)
    before, after = network.tensors[name], load_network(tmp_path / "out").tensors[name]
    assert np.array_equal(after[0], before[0])
    assert not np.array_equal(after[1:], before[1:])
    net = studio.load(tmp_path / "held", engine="torch")
    for step in net.learn(str(pictures), size=16, batch=2, rate=1e-2):
        if step.number == 2:
            break
    layer = name.rpartition(".")[0]
    assert np.array_equal(net[layer].filter[0], before[0])
    assert not np.array_equal(net[layer].filter[1:], before[1:])


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux tells it")
def test_memory_stays_flat_over_many_steps_with_strokes_and_checkpoints(pictures: Path) -> None:
    learner, _ = prepare(
        open_network("new:autoencoder,width=4,seed=1"), Asked(str(pictures), size=16, batch=2, rate=1e-4), "torch"
    )
    held = []
    until = time.monotonic() + 300
    for number in range(1600):
        step = learner.step()
        if number % 50 == 0:
            learner.replace("enc1.weight", Rect(0, 0, 2, 2), np.full((2, 2), 0.1, np.float32))
            learner.set_rate("enc1.weight", np.ones(learner.network.tensors["enc1.weight"].shape, np.float32))
            learner.checkpoint()
        if number % 200 == 199:
            gc.collect()
            held.append(_resident())
        if time.monotonic() > until:
            break
    assert step.number > 400
    # From the second reading on, less than a hundredth of what the first steps took. What leaks does so all the time;
    # what the allocator or another thread takes at some moment does not.
    assert np.median(np.diff(held[1:])) * len(held) < 4 * 2**20
    learner.close()
