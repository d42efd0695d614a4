"""What a network is shown and what is wanted: damages, pairs, teachers, new networks, and `studio train` itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT, hear_interrupts, tiny_network

import studio
from studio.bends import make_bend
from studio.cli import app
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.learn import bank
from studio.learn.damage import DAMAGES, damaged, parse_damage
from studio.learn.lesson import open_lesson
from studio.learn.networks import NEW, parse_new
from studio.learn.prepare import Asked, left_out, prepare
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size

SIZE = Size(16, 16)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    for k in range(4):
        coarse = rng.integers(0, 256, (6, 9, 3), np.uint8)
        cv2.imwrite(str(folder / f"{k}.png"), cv2.resize(coarse, (36, 24), interpolation=cv2.INTER_CUBIC))
    return folder


@pytest.mark.parametrize("name", sorted(DAMAGES))
def test_a_damage_keeps_size_and_changes_pictures(name: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (24, 36, 3), np.uint8)
    found = damaged(picture, parse_damage(name), np.random.default_rng(2))
    assert found.shape == picture.shape
    assert found.dtype == np.uint8
    assert (found != picture).any()
    np.testing.assert_array_equal(found, damaged(picture, parse_damage(name), np.random.default_rng(2)))


def test_a_shuffle_moves_blocks_and_loses_none() -> None:
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    found = damaged(picture, (("shuffled", 4.0),), np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(found, None), np.sort(picture, None))


@pytest.mark.parametrize(("text", "words"), [("", "Say which"), ("burn", "no damage"), ("blur=x", "goes from")])
def test_a_damage_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        parse_damage(text)


def test_what_is_shown_is_damaged_and_the_whole_is_wanted_or_the_other_way_round(pictures: Path) -> None:
    graph = tiny_network().graph
    for wanted, shown_is_grey in (("damage:grey", True), ("effect:grey", False)):
        batch = open_lesson(str(pictures), wanted, SIZE).batch(np.random.default_rng(0), 3, graph, SIZE, SIZE)
        greyness = [np.ptp(values, axis=1).max() for values in (batch.shown["input"], batch.wanted)]
        assert (greyness[0] < 0.02) == shown_is_grey
        assert (greyness[1] < 0.02) != shown_is_grey


def test_pairs_are_cut_at_the_same_place(pictures: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in sorted(pictures.iterdir()):
        cv2.imwrite(str(other / file.name), 255 - cv2.imread(str(file)))
    batch = open_lesson(str(pictures), str(other), SIZE).batch(
        np.random.default_rng(0), 6, tiny_network().graph, SIZE, SIZE
    )
    np.testing.assert_allclose(batch.wanted, 1 - batch.shown["input"], atol=0.01)
    (other / "0.png").unlink()
    with pytest.raises(StudioError, match="pairs need as many of both"):
        open_lesson(str(pictures), str(other), SIZE)


def test_a_teacher_makes_what_is_wanted(pictures: Path, tmp_path: Path) -> None:
    save_network(tiny_network(seed=4), tmp_path / "teacher")
    learner, _ = prepare(
        tiny_network(seed=1),
        Asked(str(pictures), f"as:{tmp_path / 'teacher'}", size=16, batch=2, flips=False),
        "torch",
    )
    learner.step()
    assert learner.pictures is not None
    shown, wanted = learner.pictures
    found = studio.load(tmp_path / "teacher", engine="torch")(shown)
    assert np.abs(found.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("name", sorted(NEW))
def test_new_networks_follow_from_their_seed_and_learn(name: str, pictures: Path) -> None:
    text = f"{name},seed=5,width=2"
    first, second = parse_new(text).make(), parse_new(text).make()
    assert first.sha256() == second.sha256() != parse_new(f"{name},seed=6,width=2").make().sha256()
    losses = "l2=1,adversarial=0.1" if name == "generator" else "l2=1"
    learner, _ = prepare(first, Asked(str(pictures), size=32, batch=2, losses=losses), "torch")
    assert np.isfinite(learner.step().loss)
    # The critic halves at least that far.
    assert learner.made[0] >= 32


@pytest.mark.parametrize(
    ("text", "words"), [("tower", "no new network"), ("unet,width", "says nothing"), ("unet,width=0", "A new unet")]
)
def test_a_new_network_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        parse_new(text)


def train(*words: object) -> None:
    app(["train", *map(str, words), "--engine", "torch"], standalone_mode=False)


def test_train_writes_a_network_that_learnt(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    how = ("--size", 16, "--batch", 4, "--rate", 0.01, "--loss", "l1=1,edges=0.2", "--json", "--keep")
    train("new:autoencoder,seed=2,width=4", pictures, out, "--steps", 30, *how)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 31))
    assert set(lines[0]["parts"]) == {"l1", "edges"}
    assert np.mean([line["loss"] for line in lines[-5:]]) < np.mean([line["loss"] for line in lines[:5]])
    assert load_network(out).graph.output == "out"
    facts = json.loads((out / "training.json").read_text("utf-8"))
    assert facts["steps"] == 30
    assert str(tmp_path) not in json.dumps(facts)

    more = tmp_path / "more"
    train(out, pictures, more, "--steps", 32, "--resume", out / "learning.safetensors", *how)
    assert [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()] == [31, 32]
    again = tmp_path / "again"
    train(out, pictures, again, "--steps", 32, "--resume", out, *how)
    assert [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()] == [31, 32]
    for name, tensor in load_network(more).tensors.items():
        assert np.array_equal(tensor, load_network(again).tensors[name]), name
    with pytest.raises(StudioError, match=r"no checkpoint in .*pictures.*--keep"):
        train(out, pictures, tmp_path / "third", "--resume", pictures)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--loss", "l9"), "There is no loss"),
        (("--wanted", "damage:burn"), "There is no damage"),
        (("--optimiser", "magic"), "There is no optimiser"),
        (("--learn", "nobody"), "fits no tensor"),
        (("--loss", "style"), "needs a picture"),
        (("--resume", "nowhere.safetensors"), "does not exist"),
    ],
)
def test_train_says_what_is_wrong(pictures: Path, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        train("new:autoencoder,width=2", pictures, tmp_path / "out", "--size", 16, *words)
    assert not (tmp_path / "out").exists()


def test_train_replaces_nothing(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(StudioError, match="is there already"):
        train("new:autoencoder,width=2", pictures, tmp_path / "out")


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_request_to_end_keep_what_was_learnt(pictures: Path, tmp_path: Path, number: int) -> None:
    words = ["new:autoencoder,width=2", str(pictures), str(tmp_path / "out"), "--size", "16", "--steps", "1000000"]
    command = [sys.executable, "-m", "studio", "train", *words, "--engine", "torch", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, preexec_fn=hear_interrupts) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert b"kept" in said
    assert load_network(tmp_path / "out").tensors
    assert json.loads((tmp_path / "out/training.json").read_text("utf-8"))["steps"] >= 1


def test_python_learns_step_by_step_and_edits_meanwhile_count(pictures: Path) -> None:
    net = studio.LiveNetwork(tiny_network(), engine="torch")
    painted = np.full((6, 3, 4, 4), 0.25, np.float32)
    for step in net.learn(str(pictures), size=16, batch=2, rate=1e-3):
        if step.number == 1:
            assert not np.array_equal(net["enc"].filter, tiny_network().tensors["enc.weight"])
            net["enc"].filter = painted
        if step.number == 2:
            break
    assert 0 < np.abs(net["enc"].filter - painted).max() < 0.01
    with pytest.raises(StudioError, match=r'A lesson has no "speed"; it has .* and 19 more\.'):
        next(net.learn("demo", speed=3))


def test_a_preset_teaches_its_bends_of_activations(pictures: Path, tmp_path: Path) -> None:
    save_network(tiny_network(seed=4), tmp_path / "net")
    net = studio.load(tmp_path / "net", engine="torch")
    net.set_stages([Stage(1, "act", make_bend("Multiply", {"factor": 3.0}))])
    net.bypass("out")
    net.save(tmp_path / "bent")
    learner, _ = prepare(
        tiny_network(seed=1), Asked(str(pictures), f"as:{tmp_path / 'bent'}", size=16, batch=1, flips=False), "torch"
    )
    learner.step()
    assert learner.pictures is not None
    shown, wanted = learner.pictures
    right = net(shown)
    assert np.abs(right.astype(int) - wanted).max() <= 1
    net.set_stages([])
    assert np.abs(net(shown).astype(int) - wanted).max() > 1
    assert "left out" in left_out(str(tmp_path / "bent"))
    assert not left_out(str(tmp_path / "net"))


def test_python_and_the_command_line_learn_through_a_presets_bends(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save_network(tiny_network(seed=4), tmp_path / "net")
    net = studio.load(tmp_path / "net", engine="torch")
    bends = [Stage(1, "act", make_bend("Multiply", {"factor": 3.0})), Stage(2, "act", make_bend("Quantise", {}))]
    net.set_stages(bends)
    net.save(tmp_path / "bent")
    same = {"size": 16, "batch": 2, "rate": 1e-3}
    through = next(net.learn(str(pictures), bends=True, **same)).loss
    without = next(studio.load(tmp_path / "bent", engine="torch").learn(str(pictures), **same)).loss
    assert through != pytest.approx(without, rel=1e-3)
    numbers = ("--steps", 1, "--size", 16, "--batch", 2, "--rate", 1e-3, "--json")
    for name, flags, loss, said in (
        ("a", ("--bends",), through, "Stage 2 (Quantise behind act) is left out while it learns"),
        ("b", (), without, "With --bends it learns through them"),
    ):
        train(tmp_path / "bent", pictures, tmp_path / name, *numbers, *flags)
        out, err = capfd.readouterr()
        assert json.loads(out.splitlines()[0])["loss"] == pytest.approx(loss, rel=1e-6)
        assert said in " ".join(err.split())
        assert json.loads((tmp_path / name / "training.json").read_text()).get("bends", False) is (name == "a")


def _numbered(folder: Path, count: int, shape: tuple[int, int], step: int) -> Path:
    """Even pictures of which each tells its number by its level."""
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"{number:03}.png"), np.full((*shape, 3), number * step, np.uint8))
    return folder


def test_pairs_stay_pairs_where_there_are_more_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "MOST_PICTURES", 8)
    shown = _numbered(tmp_path / "shown", 20, (24, 36), 4)
    # Half as many are as many as are kept of the others: they would have been taken for pairs.
    with pytest.raises(StudioError, match=r"has 10 pictures and .* 20; pairs need as many of both"):
        open_lesson(str(shown), str(_numbered(tmp_path / "fewer", 10, Size(24, 36), 8)), SIZE)
    # Of larger pictures fewer fit into memory, and of both the same ones are kept.
    monkeypatch.setattr(bank, "MOST_BYTES", 4 * 16 * 40 * 3)
    lesson = open_lesson(str(shown), str(_numbered(tmp_path / "wanted", 20, Size(24, 60), 4)), SIZE)
    assert len(lesson.bank.pictures) >= 2
    for seed in range(6):
        one, other = lesson.pair(np.random.default_rng(seed), SIZE, SIZE)
        assert (one == other).all()
    assert lesson.notes == ("Wanted pictures are 60×24, those shown 36×24: they are resized.",)


def test_wanted_pictures_of_another_shape_are_cut_at_the_same_place(tmp_path: Path) -> None:
    for name, shape in (("shown", (32, 32)), ("wanted", (32, 64))):
        (tmp_path / name).mkdir()
        columns = np.linspace(0, 255, shape[1]).astype(np.uint8)
        cv2.imwrite(str(tmp_path / name / "0.png"), np.broadcast_to(columns[None, :, None], (*shape, 3)))
    lesson = open_lesson(str(tmp_path / "shown"), str(tmp_path / "wanted"), SIZE, zoom=2.0)
    for seed in range(4):
        one, other = lesson.pair(np.random.default_rng(seed), SIZE, SIZE)
        assert np.abs(one.astype(int) - other).max() < 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"losses": "l1=0,l2=0"}, "All losses count 0"),
        ({"wanted": "as:"}, "Say what is to be learnt from"),
        ({"losses": "l1=1,adversarial=1", "size": 4}, r"The critic sees nothing in crops of 4×4"),
    ],
)
def test_what_cannot_be_learnt_is_one_sentence(pictures: Path, change: dict[str, object], said: str) -> None:
    asked = replace(Asked(str(pictures), size=16), **change)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match=said):
        prepare(parse_new("autoencoder,width=2").make(), asked, "torch")
