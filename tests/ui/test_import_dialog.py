"""A model of another program is looked at in a dialog before it becomes a network; picture values change in the window.

Real keys and buttons, in the whole window.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import load_network, save_network
from studio.io.presets import load_preset, save_preset
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.runtime.live.report import LayerShapes
from studio.ui.importing.choices import in_the_dialog, without_the_dialog
from studio.ui.importing.dropping import kind_of
from studio.ui.importing.import_dialog import ImportDialog
from studio.ui.values.panel import ValuesPanel

pytestmark = pytest.mark.gl

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    window = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), str(tmp_path / "still.png"))
    yield window
    window.close()


def chain(widths: tuple[int, ...], name: str = "{}.weight") -> dict[str, Any]:
    """Tensors of convolutions of 3 × 3, one after the other, as they lie in a file."""
    rng = np.random.default_rng(3)
    found: dict[str, Any] = {}
    for number, (read, made) in enumerate(itertools.pairwise(widths)):
        found[name.format(number)] = (rng.standard_normal((made, read, 3, 3)) * 0.1).astype(np.float32)
    return found


@pytest.fixture
def onnx_file(tmp_path: Path) -> Path:
    return write_onnx(tmp_path / "mine.onnx", (3, 4, 3))


def write_onnx(path: Path, widths: tuple[int, ...], name: str = "{}.weight", size: int = 32) -> Path:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernels = chain(widths, name)
    nodes, last = [], "picture"
    for number, kernel in enumerate(kernels):
        out = f"made{number}"
        nodes.append(helper.make_node("Conv", [last, kernel], [out], pads=[1, 1, 1, 1], kernel_shape=[3, 3]))
        last = out
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, widths[0], size, size])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, widths[-1], size, size])],
        [numpy_helper.from_array(values, key) for key, values in kernels.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path


def begin(whole: WholeWindow, path: Path) -> ImportDialog:
    importing = whole.opening.importing
    whole.opening.open(path)
    # Before it is active no field has the keyboard, and none tells that it was left.
    whole.until(lambda: importing.dialog and importing.dialog.isVisible() and importing.dialog.isActiveWindow())
    assert importing.dialog is not None
    return importing.dialog


def written(home: Path) -> list[str]:
    folder = home / "home" / "weights"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def rewrite(widget: QWidget, text: str, end: Qt.Key = Qt.Key.Key_Tab) -> None:
    """Type over what stands there."""
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, CTRL)
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, end)
    QApplication.processEvents()


def pick(box: QComboBox, row: int) -> None:
    """Choose by keys."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(row):
        QTest.keyClick(box, Qt.Key.Key_Down)
    QApplication.processEvents()


def test_enter_imports_what_was_shown(whole: WholeWindow, onnx_file: Path, tmp_path: Path) -> None:
    before = whole.document.graph
    dialog = begin(whole, onnx_file)
    assert not dialog.isModal()
    assert "ONNX" in dialog.title.whole
    assert dialog.facts.whole.startswith("2 layers, 2 tensors, 216 weights")
    assert [row.op for row in dialog.model.rows if not row.is_tensor] == ["Picture", "Conv2d", "Conv2d"]
    assert [row.origin for row in dialog.model.rows if row.is_tensor] == ["0.weight", "1.weight"]
    assert dialog.model.rows[0].shape == "3 × 32 × 32"
    assert not dialog.arch.isEnabled()
    assert written(tmp_path) == []
    assert whole.document.graph is before
    rewrite(dialog.name, "My net, take 2")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    whole.until(lambda: len(whole.document.graph.nodes) == 2)
    assert whole.document.name == "My net, take 2"
    assert written(tmp_path) == ["My-net-take-2"]
    assert load_network(tmp_path / "home" / "weights" / "My-net-take-2").name == "My net, take 2"
    whole.until(lambda: len(whole.told[LayerShapes].shapes) == 3)
    whole.document.undo()
    assert whole.document.graph == before


def test_escape_leaves_everything_as_it_is(whole: WholeWindow, onnx_file: Path, tmp_path: Path) -> None:
    before = whole.document.graph
    dialog = begin(whole, onnx_file)
    QTest.keyClick(dialog.table, Qt.Key.Key_Escape)
    whole.until(lambda: whole.opening.importing.dialog is None)
    assert written(tmp_path) == []
    assert whole.document.graph is before
    assert whole.document.history.labels == ()


def test_of_several_outputs_another_may_be_chosen(whole: WholeWindow, onnx_file: Path) -> None:
    import onnx

    made = onnx.load(onnx_file)
    made.graph.output.append(onnx.helper.make_tensor_value_info("made0", onnx.TensorProto.FLOAT, [1, 4, 32, 32]))
    onnx.save(made, onnx_file)
    dialog = begin(whole, onnx_file)
    assert [dialog.output.itemText(k) for k in range(dialog.output.count())] == ["made1", "made0"]
    assert dialog.output.isVisible()
    assert not begin(whole, write_onnx(onnx_file.with_name("one.onnx"), (3, 3))).output.isVisible()
    dialog = begin(whole, onnx_file)
    assert len(dialog.preview.layers) == 2
    pick(dialog.output, 1)
    whole.until(lambda: len(dialog.preview.layers) == 1)
    assert dialog.output.currentText() == "made0"


def test_sets_of_tensors_batch_norms_and_channels_are_chosen(whole: WholeWindow, tmp_path: Path) -> None:
    import torch
    from torch import nn

    layers = [nn.ConvTranspose2d(8, 8, 4, 1, 0), nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1)]
    plain = {f"main.{name}": value for name, value in nn.Sequential(*layers).state_dict().items()}
    twice = {name: value * 2 for name, value in plain.items()}
    torch.save({"model": plain, "ema": twice}, tmp_path / "both.pth")
    dialog = begin(whole, tmp_path / "both.pth")
    assert [dialog.pick.itemText(k) for k in range(dialog.pick.count())] == ["ema", "model"]
    assert dialog.pick.currentText() == "ema"
    assert [choice for choice in dialog.choices if choice.isVisible()] == [dialog.pick, dialog.statistics]
    before = dialog.preview.imported.network.tensors["main.0.weight"].copy()
    pick(dialog.pick, 1)
    whole.until(lambda: dialog.preview.imported.pick == "model")
    np.testing.assert_array_equal(dialog.preview.imported.network.tensors["main.0.weight"] * 2, before)
    assert "BatchNorm2d" in [row.op for row in dialog.model.rows]
    pick(dialog.statistics, 1)
    whole.until(lambda: "InstanceNorm2d" in [row.op for row in dialog.model.rows])
    assert (dialog.preview.imported.pick, dialog.pick.currentText()) == ("model", "model")
    assert dialog.statistics.isVisible()

    dialog = begin(whole, write_onnx(tmp_path / "four.onnx", (4, 3)))
    assert [choice for choice in dialog.choices if choice.isVisible()] == [dialog.channels]
    assert "takes pictures of 4 channels" in dialog.remarks.text()
    pick(dialog.channels, 3)
    whole.until(lambda: dialog.preview.imported.network.graph.inputs[0].channels == 3)
    assert dialog.channels.currentText().startswith("red, green, blue, then white")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    whole.until(lambda: whole.document.graph.nodes[0].name == "channels")


def test_what_was_guessed_is_changed_before_importing(whole: WholeWindow, onnx_file: Path) -> None:
    dialog = begin(whole, onnx_file)
    values = dialog.values
    assert values.range.choice.currentText() == "0 to 1"
    pick(values.range.choice, 2)
    assert dialog.preview.values.range == (0, 255)
    assert values.output_range.value() == (0, 255)  # as it is asked, so it answers
    pick(values.output_range.choice, 1)
    rewrite(values.mean, "103.9, 116.8")
    assert "2 numbers" in dialog.problem.text()
    assert not dialog.button.isEnabled()
    rewrite(values.std, "one")
    assert "one" in dialog.problem.text()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    rewrite(values.std, "2")
    assert "2 numbers" in dialog.problem.text()
    rewrite(values.mean, "103.9, 116.8, 123.7")
    assert dialog.problem.text() == ""
    pick(values.order, 1)
    QTest.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    whole.until(lambda: len(whole.document.graph.nodes) == 2)
    fed = whole.document.graph.inputs[0]
    assert (fed.range, fed.std, fed.order) == ((0, 255), (2, 2, 2), "bgr")
    assert fed.mean == (103.9, 116.8, 123.7)
    assert whole.document.graph.output_range == (-1, 1)
    assert whole.document.graph.output_order == "rgb"


def test_a_range_of_ones_own(whole: WholeWindow, onnx_file: Path) -> None:
    dialog = begin(whole, onnx_file)
    own = dialog.values.range
    pick(own.choice, 3)
    assert own.low.isVisible()
    rewrite(own.low, "300")
    assert "smaller" in dialog.problem.text()
    rewrite(own.high, "450.5")
    assert dialog.problem.text() == ""
    assert dialog.preview.values.range == (300, 450.5)
    rewrite(own.high, "")
    assert "white" in dialog.problem.text()


def test_what_an_importer_says_names_the_fields_that_are_there(whole: WholeWindow, tmp_path: Path) -> None:
    nn = pytest.importorskip("torch").nn
    import torch

    class Two(nn.Module):  # type: ignore[misc, name-defined]  # as typed there
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, picture: Any) -> Any:
            return self.one(picture), self.other(picture)

    torch.export.save(torch.export.export(Two(), (torch.rand(1, 3, 32, 32),)), tmp_path / "two.pt2")
    dialog = begin(whole, tmp_path / "two.pt2")
    assert dialog.output.isVisible()
    assert "“Output” takes another" in dialog.remarks.text()
    assert "--" not in dialog.remarks.text()
    assert in_the_dialog("give another --input-size.") == "give another “Input size”."
    assert in_the_dialog("--output-mean") == "--output-mean"
    assert without_the_dialog("give that by --input-size.") == "give that by --input-size of studio import."


def test_another_family_or_size_is_read_anew(whole: WholeWindow, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"module." + key: torch.from_numpy(of) for key, of in autoencoder().items()}, tmp_path / "net.pth")
    dialog = begin(whole, tmp_path / "net.pth")
    assert "PyTorch state dict" in dialog.title.whole
    assert dialog.arch.isEnabled()
    assert dialog.arch.currentText().startswith("Automatic: ")
    assert any(row.origin == "module.encoder.0.weight" for row in dialog.model.rows)
    first = dialog.model.rows[0].shape
    rewrite(dialog.name, "kept")
    pick(dialog.values.range.choice, 1)
    rewrite(dialog.height_, "64")
    whole.until(lambda: dialog.button.isEnabled())
    assert dialog.model.rows[0].shape != first
    assert dialog.model.rows[0].shape.startswith("3 × 64 ×")
    # As everywhere in the studio, the width comes first.
    assert dialog.width_.mapTo(dialog, QPoint()).x() < dialog.height_.mapTo(dialog, QPoint()).x()
    assert dialog.width_.nextInFocusChain() in (dialog.height_, dialog.width_.lineEdit())
    assert dialog.preview.values.range == (-1, 1)
    pick(dialog.arch, dialog.arch.findData("dcgan"))
    whole.until(lambda: "dcgan" in dialog.problem.text())
    assert not dialog.button.isEnabled()
    pick(dialog.arch, 0)
    whole.until(lambda: dialog.button.isEnabled())
    assert dialog.name.text() == "kept"
    assert dialog.preview.values.range == (-1, 1)


def autoencoder() -> dict[str, Any]:
    rng = np.random.default_rng(5)

    def kernel(*shape: int) -> Any:
        return (rng.standard_normal(shape) * 0.1).astype(np.float32)

    return {
        "encoder.0.weight": kernel(8, 3, 3, 3),
        "encoder.0.bias": kernel(8),
        "encoder.2.weight": kernel(8, 8, 3, 3),
        "encoder.2.bias": kernel(8),
        "decoder.0.weight": kernel(8, 8, 2, 2),
        "decoder.0.bias": kernel(8),
        "decoder.2.weight": kernel(8, 3, 2, 2),
        "decoder.2.bias": kernel(3),
    }


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"PK\x03\x04 cut short"])
@pytest.mark.parametrize("name", ["bad.onnx", "bad.pth", "bad.safetensors", "bad.pt2"])
def test_a_bad_file_is_one_sentence(whole: WholeWindow, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    picture = whole.picture()
    whole.opening.open(tmp_path / name)
    whole.until(lambda: len(whole.said) == 2)
    assert name in whole.said[1]
    assert "Traceback" not in whole.said[1]
    assert whole.studio.messages.text.endswith(whole.said[1][-40:])
    assert whole.opening.importing.dialog is None
    np.testing.assert_array_equal(whole.picture(), picture)


def test_an_error_goes_once_something_is_opened(whole: WholeWindow, onnx_file: Path, tmp_path: Path) -> None:
    # It stood over the picture until somebody closed it.
    messages = whole.studio.messages
    (tmp_path / "bad.pth").write_bytes(b"not a model at all")
    whole.opening.open(tmp_path / "bad.pth")
    whole.until(lambda: "bad.pth" in messages.text and len(whole.said) == 2)
    begin(whole, onnx_file)
    assert "bad.pth" not in messages.text
    whole.studio.parts.opener.open(tmp_path / "missing")
    whole.until(lambda: "missing" in messages.text)
    whole.studio.parts.opener.open(tmp_path / "weights" / "tiny")
    whole.until(lambda: "missing" not in messages.text)


def test_reading_is_cancelled(whole: WholeWindow, onnx_file: Path) -> None:
    hold, done = threading.Event(), threading.Event()
    whole.window.parts.importer.do(lambda: hold.wait(60), lambda _: None)
    whole.opening.open(onnx_file)
    messages = whole.studio.messages
    assert messages.text == "Reading mine.onnx …"
    cancel = next(b for b in messages.findChildren(QToolButton) if b.text() == "Cancel")
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert messages.text == ""
    whole.window.parts.importer.do(lambda: None, lambda _: done.set())
    hold.set()
    whole.until(done.is_set)
    assert whole.opening.importing.dialog is None


def test_what_cannot_be_written_may_be_tried_again(whole: WholeWindow, onnx_file: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "weights").write_text("a file where a folder is wanted")
    dialog = begin(whole, onnx_file)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    whole.until(lambda: dialog.problem.text())
    assert "weights" in dialog.problem.text()
    assert dialog.isVisible()
    (tmp_path / "home" / "weights").unlink()
    rewrite(dialog.values.mean, "0.5")
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    whole.until(lambda: len(whole.document.graph.nodes) == 2)
    assert written(tmp_path) == ["mine"]


def test_a_model_under_a_name_that_says_nothing_is_one(tmp_path: Path) -> None:
    (tmp_path / "generator").write_bytes(b"\x08\x08\x12\x07pytorch\x3a\x02\x12\x00\x42\x02\x10\x0d")
    (tmp_path / "weights.0").write_bytes((9).to_bytes(8, "little") + b'{"a": {}}' + bytes(9))
    (tmp_path / "clip.bak").write_bytes(bytes(range(200)))
    kinds = [kind_of(tmp_path / name) for name in ("generator", "weights.0", "clip.bak", "nothing")]
    assert kinds == ["model", "model", "source", "source"]


def test_a_folder_of_kernels_is_imported_by_the_folder_or_by_one_of_its_files(
    whole: WholeWindow, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    for name, shape in {"encoder/0_kernel": (3, 3, 3, 8), "decoder/1_kernel": (3, 3, 8, 3)}.items():
        (tmp_path / "seed" / name).parent.mkdir(parents=True)
        np.save(tmp_path / "seed" / f"{name}.npy", rng.standard_normal(shape).astype(np.float32))
    assert kind_of(tmp_path / "seed") == "model"
    assert kind_of(tmp_path / "weights" / "tiny") == "preset"
    save_network(tiny_network(), tmp_path / "theirs")
    manifest = tmp_path / "theirs" / "network.json"
    described = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(described | {"kernels": {"layout": "OIHW"}}))
    assert [kind_of(path) for path in (manifest, manifest.parent)] == ["model", "model"]
    dialog = begin(whole, manifest.parent / "enc.weight.npy")
    assert dialog.preview.path == manifest.parent
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    whole.until(lambda: written(tmp_path) == ["tiny"])
    whole.until(lambda: len(whole.document.history.labels) == 1)


def test_three_hundred_layers_with_long_names(whole: WholeWindow, tmp_path: Path) -> None:
    name = "generator.backbone." + "very_long_name_of_a_block." * 4 + "{}.weight"
    path = write_onnx(tmp_path / f"{'long' * 20}.onnx", (3, *(4,) * 299, 3), name, 8)
    dialog = begin(whole, path)
    assert len(dialog.model.rows) == 601
    dialog.table.scrollToBottom()
    dialog.grab()
    for window in (whole.window, dialog):
        assert window.width() <= 1280
    last = dialog.model.index(600, 3)
    assert dialog.model.data(last, Qt.ItemDataRole.ToolTipRole) == name.format(299)
    assert dialog.table.visualRect(last).right() <= dialog.table.viewport().width()
    pick(dialog.values.range.choice, 1)


def test_picture_values_change_while_it_runs(whole: WholeWindow, tmp_path: Path) -> None:
    whole.document.apply("Bend", "enc.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 2, np.float32)))
    picture, weight, before = whole.picture(), whole.tensor("enc.weight"), whole.document.graph
    whole.key(Qt.Key.Key_V, CTRL | Qt.KeyboardModifier.ShiftModifier, whole.window)
    panel = whole.context[ValuesPanel]
    whole.until(panel.isVisible)
    assert not panel.isModal()
    pick(panel.form.range.choice, 1)
    changed = whole.document.graph
    assert changed.inputs[0].range == (-1, 1)
    whole.until(lambda: (whole.picture() != picture).any())
    np.testing.assert_array_equal(whole.tensor("enc.weight"), weight)
    assert whole.document.is_bent("enc.bias")
    rewrite(panel.form.mean, "1, 2")
    assert "2 numbers" in panel.problem.text()
    assert whole.document.graph is changed
    rewrite(panel.form.mean, "x")
    assert "x" in panel.problem.text()
    rewrite(panel.form.mean, "")
    assert panel.problem.text() == ""
    pick(panel.form.order, 1)
    assert whole.document.history.labels[1:] == ("Picture values", "Picture values")
    save_preset(whole.document.preset(), tmp_path / "saved")
    kept = load_preset(tmp_path / "saved")
    assert (kept.network.graph.inputs[0].range, kept.network.graph.inputs[0].order) == ((-1, 1), "bgr")
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    for _ in range(2):
        whole.key(Qt.Key.Key_Z, CTRL, whole.window)
    assert whole.document.graph == before
    assert panel.form.range.value() == before.inputs[0].range
    whole.until(lambda: (whole.picture() == picture).all())
