"""What learns on a GPU's OpenGL is looked at there: PyTorch, whose import holds other threads up, is not needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers import branched_network, relative_error

from studio.bends import make_bend
from studio.engine.gl.driver.device import Device, open_device
from studio.io.resize import resized
from studio.learn.asked import Asked
from studio.learn.learner import Learner
from studio.learn.networks import parse_new
from studio.learn.prepare import prepare
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.runtime.learning import giving_way
from studio.runtime.learning.look import LARGEST, DeadUnits, is_sound, maps_of, pictures_of

pytestmark = pytest.mark.gl


def taught(engine: str, device: Device | None = None, stages: tuple[Stage, ...] = ()) -> Learner:
    asked = Asked("demo", size=32, batch=2, rate=1e-3, bends=bool(stages))
    return prepare(branched_network(), asked, engine, device, stages)[0]


@pytest.mark.parametrize("stages", [(), (Stage(1, "act", make_bend("Add", {"value": 0.25})),)])
def test_on_a_gpu_the_same_is_seen_as_by_pytorch(
    device: Device, monkeypatch: pytest.MonkeyPatch, stages: tuple[Stage, ...]
) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    own = open_device()
    monkeypatch.setattr(own, "is_software", False)
    learner, oracle = taught("gl", own, stages), taught("torch", None, stages)
    try:
        for each in (learner, oracle):
            each.step()
        found, wanted = (maps_of(branched_network(seed=1), each) for each in (learner, oracle))
        assert found.keys() == wanted.keys() != set()
        for name in wanted:
            assert found[name].shape == wanted[name].shape
            assert relative_error(found[name], wanted[name]) <= 1e-5
        seen, meant = (pictures_of(each, branched_network()) for each in (learner, oracle))
        assert seen is not None
        assert meant is not None
        for one, other in zip(seen, meant, strict=True):
            assert np.abs(one.astype(int) - other.astype(int)).max() <= 1
        assert is_sound(learner)
        assert DeadUnits().look(learner, found) == DeadUnits().look(oracle, wanted)
        # What learns is as it was: its own maps, and its next step.
        assert learner.step().loss == pytest.approx(oracle.step().loss, rel=1e-4)
    finally:
        learner.close()
        oracle.close()
        own.close()
        device.use()


_LESSON = """
import sys, threading
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise AssertionError("PyTorch is imported")
sys.meta_path.insert(0, Refused())
from studio.engine.gl.driver.device import Device, open_device
from studio.io.opening import find_and_open
from studio.io.resize import resized
from studio.learn.asked import Asked
from studio.model.documents.document import Document
from studio.runtime.learning.opening import Opening
from studio.runtime.learning.trainer import Trainer
from studio.runtime.learning.versions import Versions
class Context:
    def open(self):
        device = open_device()
        device.is_software = False
        return device
    def close(self):
        pass
seen, problems = threading.Event(), []
def tell(told):
    problems.extend(text for text in (told.problem,) if text)
    if told.pictures is not None or told.problem:
        seen.set()
preset = find_and_open("violet-strokes")[0]
opening = Opening(preset.bent, Asked(source="demo", size=16, batch=1), "gl", Context())
trainer = Trainer(opening.prepare, tell, Versions.of_document(Document(preset)))
trainer.watch(next(iter(preset.bent.tensors)))
assert seen.wait(100), "nothing is told"
trainer.close(20)
assert not problems, problems
assert "torch" not in sys.modules
"""


def test_what_is_looked_at_of_a_large_crop_is_small(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8))
    small = parse_new("autoencoder,width=1,seed=1").make()
    learner, _ = prepare(small, Asked(str(tmp_path), size=300, batch=1), "torch")
    learner.step()
    seen = pictures_of(learner, small)
    assert seen is not None
    assert learner.pictures is not None
    for picture, of in ((seen[0], learner.pictures[0]), (seen[3], learner.pictures[1])):
        assert of.shape == (300, 300, 3)
        assert np.array_equal(picture, resized(of, Size(LARGEST, LARGEST)))
    assert {picture.shape for picture in seen} == {(LARGEST, LARGEST, 3)}
    learner.close()


def test_a_lesson_there_imports_no_pytorch(device: Device) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    done = subprocess.run([sys.executable, "-c", _LESSON], check=False, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]


def test_pytorch_leaves_a_core_to_the_picture_where_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    left = list[str]()
    monkeypatch.setattr(giving_way, "leave_a_core", lambda: left.append("a core"))
    courtesy = giving_way.Courtesy(None)
    on_gpu, in_software, on_torch = (
        SimpleNamespace(name=name, queues=queues) for name, queues in (("gl", True), ("gl", False), ("torch", True))
    )
    courtesy.leave_a_core(on_gpu)  # type: ignore[arg-type]
    assert not left
    # A lesson that moves there, once.
    for _ in range(2):
        courtesy.leave_a_core(on_torch)  # type: ignore[arg-type]
    assert left == ["a core"]
    # What is learnt in software is looked at by PyTorch.
    giving_way.Courtesy(None).leave_a_core(in_software)  # type: ignore[arg-type]
    assert left == ["a core"] * 2
