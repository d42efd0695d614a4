"""The sizes for which a file holds: what torch.export says of them, and numbers that a size froze in a file of one."""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from helpers import on_torch, relative_error
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.io.importers._sizes.expressions import plainly, worked_out
from studio.io.networks import load_network, save_network
from studio.model.declared.size import Size

pytestmark = pytest.mark.filterwarnings("ignore")
Dim = torch.export.Dim
How = Callable[[Tensor], Tensor]
TOLERANCE = 1e-4


class Sized(nn.Module):
    def __init__(self, how: How) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.how = nn.Conv2d(3, 3, 3, padding=1), how

    def forward(self, x: Tensor) -> Tensor:
        return self.how(self.conv(x))


def _shorter(y: Tensor) -> Tensor:
    return y / min(*y.shape[2:])


def _longer(y: Tensor) -> Tensor:
    return y / max(*y.shape[2:])


def _at_least(y: Tensor) -> Tensor:
    return y * max(y.shape[2], 64) / 64


def _of_a_smaller_map(y: Tensor) -> Tensor:
    small = F.avg_pool2d(y, 2)
    return y * small.mean() / min(*small.shape[2:])


def _upright(y: Tensor) -> Tensor:
    return y.flip(3) if y.shape[2] > y.shape[3] else y


def _very_wide(y: Tensor) -> Tensor:
    return y * 2 if y.shape[3] > 2 * y.shape[2] else y


def _small(y: Tensor) -> Tensor:
    return y * 2 if y.shape[2] * y.shape[3] > 10000 else y


def _of_eights(y: Tensor) -> Tensor:
    return y if y.shape[2] % 8 == 0 and y.shape[3] % 8 == 0 else y * 3


def _saved(how: How, path: Path, shapes: dict[int, object], *, asserts: bool = False, side: int = 24) -> nn.Module:
    module = Sized(how).eval()
    program = torch.export.export(
        module,
        (torch.rand(1, 3, side, 32),),
        dynamic_shapes=(shapes,),
        prefer_deferred_runtime_asserts_over_guards=asserts,
    )
    torch.export.save(program, path)
    return module


def _is_right(imported: Imported, module: nn.Module, *sizes: tuple[int, int]) -> None:
    engine = on_torch(imported.network)
    for size in sizes:
        picture = torch.rand(1, 3, *size)
        engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE, size


@pytest.mark.parametrize("asserts", [False, True])
@pytest.mark.parametrize(
    ("how", "why"),
    [
        (_shorter, "smaller or the larger of two sizes"),
        (_longer, "smaller or the larger of two sizes"),
        (_at_least, "smaller or the larger of two sizes"),
        (_of_a_smaller_map, "smaller or the larger of two sizes"),
        (_upright, r"x.shape\[2\] <= x.shape\[3\]|<= s"),
        (_very_wide, r"x.shape\[3\] <= 2 \* x.shape\[2\]|<= 2\*s"),
        (_small, "<= 10000"),
    ],
)
def test_what_decides_by_the_size_takes_the_size_that_it_is_read_for(
    how: How, why: str, asserts: bool, tmp_path: Path
) -> None:
    module = _saved(how, tmp_path / "a.pt2", {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, asserts=asserts)
    imported = open_model(tmp_path / "a.pt2")
    assert imported.network.graph.only_size == (24, 32)
    (note,) = imported.notes
    assert note.startswith("It takes pictures of 32×24 alone")
    assert re.search(why, note)
    _is_right(imported, module, (24, 32))
    other = open_model(tmp_path / "a.pt2", Options(input_size=Size(40, 48)))
    _is_right(other, module, (40, 48))


def test_a_size_that_the_file_does_not_hold_for_is_refused(tmp_path: Path) -> None:
    _saved(_upright, tmp_path / "a.pt2", {2: Dim.DYNAMIC, 3: Dim.DYNAMIC})
    with pytest.raises(StudioError, match=r"takes no pictures of 24×48: it was exported for x.shape\[2\] <= x.shape"):
        open_model(tmp_path / "a.pt2", Options(input_size=Size(48, 24)))


@pytest.mark.parametrize("shapes", [{2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, {2: 8 * Dim("h"), 3: 8 * Dim("w")}])
def test_what_holds_for_multiples_is_fed_these(shapes: dict[int, object], tmp_path: Path) -> None:
    module = _saved(_of_eights, tmp_path / "a.pt2", shapes)
    imported = open_model(tmp_path / "a.pt2")
    assert imported.network.graph.multiple == (8, 8)
    _is_right(imported, module, (24, 32), (64, 40), (40, 120))


def test_squares_of_any_size_are_one_size(tmp_path: Path) -> None:
    side = Dim("side")
    module = _saved(torch.relu, tmp_path / "a.pt2", {2: side, 3: side}, side=32)
    imported = open_model(tmp_path / "a.pt2")
    assert imported.network.graph.only_size == (32, 32)
    assert "sides that go with each other" in imported.notes[0]
    _is_right(imported, module, (32, 32))


def test_bounds_of_a_file_are_kept_and_no_others(tmp_path: Path) -> None:
    module = _saved(torch.relu, tmp_path / "a.pt2", {2: Dim("h", min=8, max=64), 3: Dim("w", min=32)})
    imported = open_model(tmp_path / "a.pt2")
    assert imported.notes == (
        "Its file holds for heights of 8 to 64 and widths of 32 and more; pictures of other sizes are refused.",
    )
    _is_right(imported, module, (24, 32), (63, 37))
    save_network(imported.network, tmp_path / "net")
    for graph in (imported.network.graph, load_network(tmp_path / "net").graph):
        assert (graph.usual_size, graph.longest, graph.only_size) == ((64, 256), 64, None)
        for size in (Size(65, 64), Size(7, 64), Size(64, 31)):
            with pytest.raises(StudioError, match="takes heights of 8 to 64 and widths of 32 and more, not"):
                graph.shapes({"x": size})
    state = open_model(tmp_path / "a.pt2", Options(state="noise")).network.graph
    assert [(put.kind, put.heights, put.widths) for put in state.inputs] == [("state", (8, 64), (32, None))]
    with pytest.raises(StudioError, match=r"takes no pictures of 128×128: its file holds for heights of 8 to 64 and"):
        open_model(tmp_path / "a.pt2", Options(input_size=Size(128, 128)))
    _saved(torch.relu, tmp_path / "b.pt2", {2: Dim.DYNAMIC, 3: Dim.DYNAMIC})
    assert open_model(tmp_path / "b.pt2").notes == ()


@pytest.mark.parametrize(("free", "said"), [(2, "widths of 32"), (3, "heights of 24")])
def test_a_side_that_is_fixed_beside_one_that_is_free_stays_as_it_is(free: int, said: str, tmp_path: Path) -> None:
    fixed = 5 - free
    module, picture = Sized(lambda y: y.narrow(fixed, 0, 5)).eval(), torch.rand(1, 3, 24, 32)
    program = torch.export.export(module, (picture,), dynamic_shapes=({free: Dim.AUTO},))
    torch.export.save(program, tmp_path / "half.pt2")
    imported = open_model(tmp_path / "half.pt2")
    assert any(f"holds for {said};" in note for note in imported.notes)
    graph = imported.network.graph
    assert graph.nearest(Size(64, 64))[fixed - 2] == picture.shape[fixed]
    engine = on_torch(imported.network)
    for length in (24, 40, 64):
        size = list(picture.shape)
        size[free] = length
        other = torch.rand(size)
        engine.run({graph.inputs[0].name: other[0].numpy()})
        assert relative_error(engine.output(), module(other)[0].detach().numpy()) < TOLERANCE
    with pytest.raises(StudioError, match=f"takes {said}, not"):
        engine.run({graph.inputs[0].name: torch.rand(3, 48, 48).numpy()})


def test_a_state_that_is_smaller_has_the_bounds_of_its_picture(tmp_path: Path) -> None:
    class Walk(torch.nn.Module):
        def forward(self, x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            h = torch.tanh(h + F.avg_pool2d(x, 4))
            return torch.relu(x + F.interpolate(h, scale_factor=4.0)), h

    rows, columns = Dim("rows", min=5, max=32), Dim("columns", min=5, max=64)
    sides = {"x": {2: 4 * rows, 3: 4 * columns}, "h": {2: rows, 3: columns}}
    program = torch.export.export(Walk(), (torch.rand(1, 3, 64, 96), torch.rand(1, 3, 16, 24)), dynamic_shapes=sides)
    torch.export.save(program, tmp_path / "walk.pt2")
    graph = open_model(tmp_path / "walk.pt2", Options(state="zeros")).network.graph
    assert [(put.kind, put.heights, put.widths) for put in graph.inputs] == [
        ("picture", (20, 128), (20, 256)),
        ("state", (20, 128), (20, 256)),
    ]
    graph.shapes({put.name: Size(128, 256) for put in graph.inputs})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("L['x'].size()[2] <= 2*L['x'].size()[3]", True),
        ("L['x'].size()[2] % 8 == 0 and not L['x'].size()[3] < 3", False),
        ("L['x'].size()[3] == math.ceil(((torch.sym_float(L['x'].size()[3])) / 1.0))", True),
        ("Add(Integer(1), Mul(Integer(8), Symbol('s0', positive=True, integer=True)))", 41),
        ("Max(Integer(7), FloorDiv(Symbol('s0', integer=True), Integer(2)))", 7),
        ("1 < L['x'].size()[2] < 30", True),
    ],
)
def test_expressions_of_sizes_are_worked_out(text: str, wanted: object) -> None:
    assert worked_out(text, {"x.shape[2]": 25, "x.shape[3]": 32, "s0": 5}) == wanted


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('id')", "open('x')", "L['x'].device", "2 ** 99", "s1", "(", "1 << 9", "[1]", "'a'"],
)
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"[\s\S]*"):
        worked_out(text, {"s0": 5})


def test_guards_are_written_as_people_write_them() -> None:
    assert plainly("L['x'].size()[2] != L['state'][0].size()[3]") == "x.shape[2] != state_0.shape[3]"


def _onnx_file(
    path: Path, middle: list[onnx.NodeProto], held: dict[str, np.ndarray], sides: tuple[object, ...]
) -> None:
    """A convolution with a stride of 2, and what is made of its map ``c``; the output is ``y``."""
    weight = np.random.default_rng(0).normal(0, 0.3, (3, 3, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]), *middle]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, *sides])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in {"w": weight, **held}.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize(
    "number",
    [20 * 24, 1 / (20 * 24), 1 / 24, 2 / 23, 20 / 24, 1 / (40 * 48), 23.5, (20 * 24) ** -1.0, np.hypot(20, 24), 479],
)
@pytest.mark.parametrize("kind", ["Mul", "Div"])
def test_a_number_of_any_map_keeps_a_file_of_one_size_to_it(number: float, kind: str, tmp_path: Path) -> None:
    middle = [helper.make_node("ReduceSum", ["c", "axes"], ["s"]), helper.make_node(kind, ["s", "n"], ["y"])]
    middle[1:] = [helper.make_node(kind, ["s", "n"], ["m"]), helper.make_node("Add", ["c", "m"], ["y"])]
    held = {"axes": np.array([2, 3]), "n": np.array(number, np.float32)}
    _onnx_file(tmp_path / "a.onnx", middle, held, (40, 48))
    imported = open_model(tmp_path / "a.onnx")
    assert imported.network.graph.only_size == (40, 48)
    assert "numbers in it were worked out from that size" in imported.notes[-1]


@pytest.mark.parametrize("number", [0.5, 127.5, 255.0, 1 / 255, 0.2, 2.0, 1e-5, 0.1])
def test_numbers_that_are_meant_leave_it_free_and_the_file_s_own_size_is_said(number: float, tmp_path: Path) -> None:
    middle = [helper.make_node("Mul", ["c", "n"], ["y"])]
    _onnx_file(tmp_path / "a.onnx", middle, {"n": np.array(number, np.float32)}, (256, 256))
    imported = open_model(tmp_path / "a.onnx")
    assert imported.network.graph.only_size is None
    assert imported.notes[-1].startswith("Its file is for pictures of 256×256; at other sizes the same layers run")


@pytest.mark.parametrize(
    ("number", "sides"),
    [
        (127.0, (512, 256)),
        (128.0, (512, 64)),
        (1 / 128, (512, 64)),
        (0.1, (40, 80)),
        (0.05, (80, 88)),
        (0.01, (400, 80)),
    ],
)
def test_bytes_and_hundredths_are_meant_where_a_map_within_has_as_many_places(
    number: float, sides: tuple[int, int], tmp_path: Path
) -> None:
    pool = helper.make_node("AveragePool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2])
    middle = [pool, helper.make_node("Mul", ["p", "n"], ["y"])]
    _onnx_file(tmp_path / "a.onnx", middle, {"n": np.array(number, np.float32)}, sides)
    assert open_model(tmp_path / "a.onnx").network.graph.only_size is None
    module = Sized(lambda y: F.avg_pool2d(y, 4) * number).eval()
    torch.export.save(torch.export.export(module, (torch.rand(1, 3, *sides),)), tmp_path / "a.pt2")
    assert open_model(tmp_path / "a.pt2").network.graph.only_size is None


def _with_guards(path: Path, guards: list[str]) -> Path:
    """The same file with other conditions on its sizes."""
    made = path.with_name("guarded.pt2")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(made, "w") as written:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("models/model.json"):
                data = json.dumps(json.loads(data) | {"guards_code": guards}).encode()
            written.writestr(name, data)
    return made


@pytest.mark.parametrize("guards", [["L['x'].size()[2] > 0" + " and 1 < 2" * 9000], ["L['x'].size()[2] > 0 "] * 9000])
def test_guards_are_taken_apart_once_and_none_that_are_longer_than_any(
    guards: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _saved(torch.relu, tmp_path / "a.pt2", {2: Dim.DYNAMIC, 3: Dim.DYNAMIC})
    parse, asked = ast.parse, list[str]()
    monkeypatch.setattr(ast, "parse", lambda text, **more: asked.append(text) or parse(text, **more))
    imported = open_model(_with_guards(tmp_path / "a.pt2", guards))
    assert len(asked) == len(set(asked))
    assert sum(map(len, asked)) < 10_000
    assert all(len(note) < 200 for note in imported.notes)
    is_long = len(guards) == 1
    assert (imported.network.graph.only_size is not None) == is_long
    assert any("longer than any that are looked at" in note for note in imported.notes) == is_long


def test_of_a_long_guard_the_beginning_is_said(tmp_path: Path) -> None:
    _saved(torch.relu, tmp_path / "a.pt2", {2: Dim.DYNAMIC, 3: Dim.DYNAMIC})
    notes = open_model(_with_guards(tmp_path / "a.pt2", ["L['x'].size()[2] < 0" + " + 0" * 100])).notes
    assert "it was exported for x.shape[2] < 0 + 0" in notes[0]
    assert "…" in notes[0]
    assert len(notes[0]) < 400


@pytest.mark.parametrize("kind", ["Min", "Max"])
def test_the_smaller_side_in_a_file_of_any_size_is_found_by_upright_pictures(kind: str, tmp_path: Path) -> None:
    middle = [
        helper.make_node("Shape", ["x"], ["all"]),
        helper.make_node("Gather", ["all", "two"], ["h"]),
        helper.make_node("Gather", ["all", "three"], ["w_"]),
        helper.make_node(kind, ["h", "w_"], ["side"]),
        helper.make_node("Cast", ["side"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["c", "float"], ["y"]),
    ]
    held = {"two": np.array(2), "three": np.array(3)}
    _onnx_file(tmp_path / "a.onnx", middle, held, ("h", "w"))
    imported = open_model(tmp_path / "a.onnx")
    assert imported.network.graph.only_size == (256, 256)
    assert "another number where pictures have another shape; --input-size reads it for another" in imported.notes[0]


def test_a_file_of_one_size_with_a_number_of_an_inner_map_takes_it_alone(tmp_path: Path) -> None:
    def divided(y: Tensor) -> Tensor:
        small = F.avg_pool2d(y, 2)
        return y + small.sum((2, 3), keepdim=True) * (1 / (small.shape[2] * small.shape[3]))

    module = Sized(divided).eval()
    torch.export.save(torch.export.export(module, (torch.rand(1, 3, 40, 48),)), tmp_path / "a.pt2")
    imported = open_model(tmp_path / "a.pt2")
    assert imported.network.graph.only_size == (40, 48)
    _is_right(imported, module, (40, 48))


def test_a_file_of_any_size_that_froze_its_own_says_how_to_give_that(tmp_path: Path) -> None:
    middle = [helper.make_node("Reshape", ["c", "s"], ["r"]), helper.make_node("Reshape", ["r", "t"], ["y"])]
    held = {"s": np.array([1, 3, 480]), "t": np.array([1, 3, 20, 24])}
    _onnx_file(tmp_path / "a.onnx", middle, held, ("h", "w"))
    with pytest.raises(StudioError, match=r"another number of values\. Where it was exported for one size, give that"):
        open_model(tmp_path / "a.onnx")
    imported = open_model(tmp_path / "a.onnx", Options(input_size=Size(40, 48)))
    assert imported.network.graph.only_size == (40, 48)
