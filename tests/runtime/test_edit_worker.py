"""Edits in the worker: the newest preview wins, a drag is one item of the history, and whatever cuts in is clean."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from helpers import ROOT, tiny_network
from torch.nn import functional as F

from studio.edits import make_edit
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit, Kernels, Mask, Patch, Selection
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace
from studio.runtime.editing.counterparts import counterpart, read_network
from studio.runtime.editing.edit_labels import label_of
from studio.runtime.editing.kernels import (
    copy_kernels,
    paste_kernels,
    reset_everything,
    reset_kernels,
    reset_layer,
    reset_tensor,
    resized,
)
from studio.runtime.editing.previews import Editing

T = "enc.weight"


class Slow(Edit):
    """Doubles once the gate is open."""

    label: ClassVar[str] = "Slow"
    gate: ClassVar[threading.Event] = threading.Event()
    runs: ClassVar[list[float]] = []

    factor: float = 2.0

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        del selected
        self.runs.append(self.factor)
        assert self.gate.wait(60)
        return kernels * self.factor


class Broken(Edit):
    label: ClassVar[str] = "Broken"

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        del kernels, selected
        raise ZeroDivisionError


class Desk:
    """A document, its editing, and the loop of the thread that owns both."""

    def __init__(self) -> None:
        self.document = Document(Preset("tiny", tiny_network(), {}))
        self.workspace = Workspace(self.document)
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.said: list[str] = []
        self.busy: list[bool] = []
        self.editing = Editing(self.document, self.posted.put, self.said.append)
        self.editing.busy.connect(self.busy.append)
        self.all = Selection.everything(self.document.tensor(T).shape)
        self.trained = self.document.tensor(T).copy()

    def preview(self, edit: Edit, selection: Selection | None = None, tensor: str = T) -> None:
        self.editing.preview(label_of(edit, tensor), edit, tensor, selection or self.all)

    def apply(self, edit: Edit, tensor: str = T) -> None:
        self.editing.apply(
            label_of(edit, tensor), edit, tensor, Selection.everything(self.document.tensor(tensor).shape)
        )

    def settle(self) -> None:
        """Run what comes from the worker until nothing more is under way."""
        while self.busy and self.busy[-1]:
            self.posted.get(timeout=60)()

    @property
    def weight(self) -> np.ndarray:
        return self.document.tensor(T).copy()


@pytest.fixture
def desk() -> Iterator[Desk]:
    Slow.gate.clear()
    Slow.runs.clear()
    found = Desk()
    yield found
    Slow.gate.set()
    found.editing.close()


def test_a_drag_is_one_item_and_its_last_value_counts(desk: Desk) -> None:
    for factor in (1.1, 1.2, 1.5):
        desk.preview(make_edit("Gain", {"factor": factor}))
    desk.editing.commit()
    desk.settle()
    wanted = make_edit("Gain", {"factor": 1.5}).apply(desk.trained, desk.all).applied(desk.trained)
    np.testing.assert_array_equal(desk.weight, wanted)
    assert desk.document.history.labels == ("Gain × 1.5 on enc.weight",)
    desk.document.undo()
    np.testing.assert_array_equal(desk.weight, desk.trained)


def test_previews_that_are_overtaken_are_never_worked_out(desk: Desk) -> None:
    for factor in (2.0, 3.0, 4.0, 5.0):
        desk.preview(Slow(factor=factor))
    Slow.gate.set()
    desk.settle()
    assert Slow.runs == [2.0, 5.0]
    np.testing.assert_array_equal(desk.weight, desk.trained * np.float32(5))
    assert desk.document.history.labels == ()
    assert desk.busy == [True, False]


def test_commit_does_not_wait_for_the_worker(desk: Desk) -> None:
    desk.preview(Slow(factor=3.0))
    desk.editing.commit()
    assert desk.document.history.labels == ()
    assert desk.editing.is_active
    Slow.gate.set()
    desk.settle()
    assert desk.document.history.labels == ("Slow 3 on enc.weight",)
    assert not desk.editing.is_active


def test_a_slider_moved_again_does_not_add_up_but_apply_does(desk: Desk) -> None:
    for factor in (2.0, 3.0):
        desk.preview(make_edit("Gain", {"factor": factor}))
        desk.settle()
        desk.editing.commit()
    np.testing.assert_array_equal(desk.weight, desk.trained * np.float32(3))
    assert len(desk.document.history.labels) == 2
    desk.apply(make_edit("Gain", {"factor": 2.0}))
    desk.settle()
    np.testing.assert_array_equal(desk.weight, desk.trained * np.float32(3) * np.float32(2))
    for _ in range(2):
        desk.document.undo()
    np.testing.assert_array_equal(desk.weight, desk.trained * np.float32(2))


def test_after_another_change_of_the_tensor_an_edit_starts_from_what_is_there(desk: Desk) -> None:
    desk.preview(make_edit("Gain", {"factor": 2.0}))
    desk.settle()
    desk.editing.commit()
    assert desk.editing.continues(type(make_edit("Gain", {})), T, desk.all)
    desk.document.apply("Dab", T, Patch(Rect(0, 0, 1, 1), np.full((1, 1), 8, np.float32)))
    assert not desk.editing.continues(type(make_edit("Gain", {})), T, desk.all)
    desk.preview(make_edit("Gain", {"factor": 0.5}))
    desk.settle()
    assert desk.weight[0, 0, 0, 0] == 4.0
    np.testing.assert_array_equal(desk.weight.ravel()[1:], desk.trained.ravel()[1:])


def test_another_selection_starts_from_what_is_there(desk: Desk) -> None:
    desk.preview(make_edit("Gain", {"factor": 2.0}))
    desk.settle()
    desk.editing.commit()
    desk.preview(make_edit("Gain", {"factor": 3.0}), Selection.rows(desk.trained.shape, [0]))
    desk.settle()
    np.testing.assert_array_equal(desk.weight[0], desk.trained[0] * np.float32(2) * np.float32(3))
    np.testing.assert_array_equal(desk.weight[1:], desk.trained[1:] * np.float32(2))


def test_cancel_restores_whatever_was_shown_or_is_to_come(desk: Desk) -> None:
    desk.preview(make_edit("Gain", {"factor": 2.0}))
    desk.settle()
    assert not np.array_equal(desk.weight, desk.trained)
    desk.preview(Slow())
    desk.editing.cancel()
    np.testing.assert_array_equal(desk.weight, desk.trained)
    Slow.gate.set()
    desk.settle()
    np.testing.assert_array_equal(desk.weight, desk.trained)
    assert desk.document.history.labels == ()
    assert not desk.editing.is_active


def test_another_tensor_commits_the_first(desk: Desk) -> None:
    desk.preview(make_edit("Gain", {"factor": 2.0}))
    desk.preview(make_edit("Offset", {"amount": 1.0}), Selection.everything((6,)), "enc.bias")
    desk.editing.commit()
    desk.settle()
    assert desk.document.history.labels == ("Gain × 2 on enc.weight", "Offset 1 on enc.bias")


def test_undo_while_it_is_worked_out_takes_it_back(desk: Desk) -> None:
    desk.preview(Slow())
    desk.editing.commit()
    desk.document.undo()
    Slow.gate.set()
    desk.settle()
    np.testing.assert_array_equal(desk.weight, desk.trained)
    assert desk.said == ["Slow 2 on enc.weight was interrupted; apply it again."]
    assert not desk.editing.is_active


def test_a_stroke_that_cuts_in_comes_first_and_both_are_kept(desk: Desk) -> None:
    desk.apply(Slow())
    desk.editing.pause()
    stroke = desk.document.begin("Stroke")
    stroke.put(T, Patch(Rect(0, 0, 1, 1), np.full((1, 1), 8, np.float32)))
    Slow.gate.set()
    desk.settle()
    stroke.put(T, Patch(Rect(0, 1, 1, 1), np.full((1, 1), 9, np.float32)))
    stroke.commit()
    desk.editing.resume()
    desk.settle()
    assert desk.document.history.labels == ("Stroke", "Slow 2 on enc.weight")
    assert desk.weight[0, 0, 0, :2].tolist() == [16.0, 18.0]


def test_errors_are_reported_and_leave_nothing_behind(desk: Desk) -> None:
    desk.apply(make_edit("Clamp", {"low": 1.0, "high": 0.0}))
    desk.settle()
    assert desk.said == ["Nothing lies between 1 and 0; low must not be above high."]
    desk.preview(make_edit("Gain", {}), Selection(np.zeros((6, 3), np.bool_)))
    desk.settle()
    assert desk.said[1:] == ["No filter is selected; select at least one."]
    desk.preview(make_edit("Gain", {}), desk.all, "gone.weight")
    assert 'no tensor "gone.weight"' in desk.said[2]
    np.testing.assert_array_equal(desk.weight, desk.trained)
    assert desk.document.history.labels == ()
    assert not desk.editing.is_active


def test_a_fault_of_an_edit_is_raised_and_the_next_one_works(desk: Desk) -> None:
    desk.apply(Broken())
    with pytest.raises(ZeroDivisionError):
        desk.settle()
    assert desk.busy == [True, False]
    desk.apply(make_edit("Negate", {}))
    desk.settle()
    np.testing.assert_array_equal(desk.weight, -desk.trained)


def test_another_network_ends_what_was_under_way(desk: Desk) -> None:
    desk.apply(Slow())
    desk.document.load(Preset("other", tiny_network(seed=1), {}))
    Slow.gate.set()
    desk.settle()
    assert not desk.document.is_bent("enc")
    assert desk.said == ["Slow 2 on enc.weight was interrupted; apply it again."]


def test_what_waits_for_the_worker_is_not_done_to_what_is_opened_meanwhile(desk: Desk) -> None:
    desk.apply(Slow())
    desk.apply(make_edit("Negate", {}))
    desk.document.load(Preset("other", desk.document.network, {T: np.full_like(desk.trained, 9.0)}))
    Slow.gate.set()
    desk.settle()
    np.testing.assert_array_equal(desk.weight, 9.0)
    assert sorted(desk.said) == [
        "Flip sign on enc.weight was interrupted; apply it again.",
        "Slow 2 on enc.weight was interrupted; apply it again.",
    ]
    # A preview that was put aside for a stroke is not shown of it either.
    Slow.gate.clear()
    desk.preview(Slow())
    desk.editing.pause()
    desk.document.load(Preset("third", desk.document.network, {}))
    Slow.gate.set()
    desk.editing.resume()
    desk.settle()
    np.testing.assert_array_equal(desk.weight, desk.trained)
    assert not desk.editing.is_active


def test_nothing_is_posted_after_the_end(desk: Desk) -> None:
    desk.apply(Slow())
    desk.editing.close()
    Slow.gate.set()
    with pytest.raises(queue.Empty):
        desk.posted.get(timeout=0.3)


def test_networks_and_presets_are_fetched_and_what_is_neither_is_named(desk: Desk, tmp_path: Path) -> None:
    network = tiny_network(seed=3)
    save_network(network, tmp_path / "net")
    changed = {T: network.tensors[T] * np.float32(2)}
    preset = Preset("bent", network, changed, weights_path=tmp_path / "net")
    (tmp_path / "presets").mkdir()
    save_preset(preset, tmp_path / "presets" / "bent")
    found: list[Network] = []
    for path in ("net", "presets/bent", "presets/bent/preset.json", "presets"):
        desk.editing.fetch(tmp_path / path, found.append)
        desk.settle()
    np.testing.assert_array_equal(found[0].tensors[T], network.tensors[T])
    np.testing.assert_array_equal(found[1].tensors[T], changed[T])
    np.testing.assert_array_equal(found[2].tensors[T], changed[T])
    assert len(found) == 3
    assert "neither a network.json nor a preset.json" in desk.said[0]


def test_the_counterpart_has_the_same_name_and_shape() -> None:
    network = read_network(ROOT / "weights" / "autoencoder-transposed")
    assert counterpart(network, "dec1.bias", (64,)) is network.tensors["dec1.bias"]
    with pytest.raises(StudioError, match=r'no tensor "mid.weight"'):
        counterpart(network, "mid.weight", (64,))
    with pytest.raises(StudioError, match="is 64, not 32"):
        counterpart(network, "dec1.bias", (32,))


@pytest.mark.parametrize(
    ("name", "params", "label"),
    [
        ("Gain", {"factor": 1.5}, "Gain × 1.5 on t"),
        ("Negate", {}, "Flip sign on t"),
        ("Flip", {"axis": "both"}, "Flip both on t"),
        ("Rotate", {"degrees": 45.0}, "Rotate 45° on t"),
        ("Blur", {"sigma": 0.7}, "Blur 0.7 px on t"),
        ("Shuffle", {}, "Shuffle filters on t"),
        ("Shuffle", {"within": "rows", "seed": 7}, "Shuffle filters within rows, seed 7 on t"),
        ("Clamp", {"low": -0.5, "high": 0.25}, "Clamp low -0.5, high 0.25 on t"),
    ],
)
def test_labels_tell_what_was_done(name: str, params: dict[str, object], label: str) -> None:
    assert label_of(make_edit(name, params), "t") == label


def test_a_copied_block_is_repeated_over_the_selection(desk: Desk) -> None:
    shape = desk.trained.shape
    desk.workspace.choose("enc", "weight")
    desk.workspace.select(Selection.rectangle(shape, 0, 0, 2, 1))
    assert copy_kernels(desk.workspace) == 2
    desk.workspace.select(Selection.rectangle(shape, 2, 1, 4, 2))
    paste_kernels(desk.workspace, desk.editing)
    desk.settle()
    wanted = desk.trained.copy()
    wanted[2:6, 1:3] = np.tile(desk.trained[0:2, 0:1], (2, 2, 1, 1))
    np.testing.assert_array_equal(desk.weight, wanted)
    assert desk.document.history.labels == ("Paste filters into enc.weight",)


def test_scattered_kernels_are_pasted_in_reading_order(desk: Desk) -> None:
    shape = desk.trained.shape
    desk.workspace.choose("enc", "weight")
    desk.workspace.select(Selection.kernels(shape, [(0, 1), (1, 0)]))
    copy_kernels(desk.workspace)
    desk.workspace.select(Selection.kernels(shape, [(3, 0), (4, 2), (5, 1)]))
    paste_kernels(desk.workspace, desk.editing)
    desk.settle()
    wanted = desk.trained.copy()
    wanted[3, 0], wanted[4, 2], wanted[5, 1] = desk.trained[0, 1], desk.trained[1, 0], desk.trained[0, 1]
    np.testing.assert_array_equal(desk.weight, wanted)


def test_pasting_across_sizes_is_torchs_bilinear() -> None:
    import torch

    kernels = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype(np.float32)
    for kh, kw in ((3, 3), (5, 2), (7, 7), (1, 1), (4, 4)):
        wanted = F.interpolate(torch.from_numpy(kernels), (kh, kw), mode="bilinear", align_corners=False).numpy()
        np.testing.assert_allclose(resized(kernels, kh, kw), wanted, atol=1e-6)


def test_pasting_without_a_copy_or_without_weights_says_so(desk: Desk) -> None:
    with pytest.raises(StudioError, match="No filters were copied"):
        paste_kernels(desk.workspace, desk.editing)
    desk.workspace.choose("act")
    with pytest.raises(StudioError, match='"act" has no weights'):
        copy_kernels(desk.workspace)


def test_resets_reach_as_far_as_they_say_and_are_one_item_each(desk: Desk) -> None:
    def bend() -> None:
        for name in desk.document.graph.tensor_shapes:
            desk.apply(make_edit("Offset", {"amount": 1.0}), name)
            desk.settle()

    def bent() -> list[str]:
        return [name for name in desk.document.graph.tensor_shapes if desk.document.is_bent(name)]

    bend()
    desk.workspace.choose("enc", "weight")
    desk.workspace.select(Selection.rows(desk.trained.shape, [2]))
    count = len(desk.document.history.labels)
    reset_kernels(desk.workspace, desk.editing)
    desk.settle()
    np.testing.assert_array_equal(desk.weight[2], desk.trained[2])
    assert not (desk.weight[3] == desk.trained[3]).any()
    reset_tensor(desk.workspace)
    assert bent() == ["enc.bias", "dec.weight", "dec.bias"]
    reset_layer(desk.document, "enc")
    assert bent() == ["dec.weight", "dec.bias"]
    reset_everything(desk.document)
    assert bent() == []
    assert desk.document.history.labels[count:] == (
        "Reset filters of enc.weight",
        "Reset enc.weight",
        "Reset enc",
        "Reset all weights",
    )
