"""ONNX's sequences, against onnxruntime: a map taken apart, its parts in another order, and joined again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from helpers import normal, relative_error
from onnx import helper
from test_onnx_forms import by_onnxruntime, graph_of, in_the_studio, node, opened

from studio.errors import StudioError

SHAPE = (6, 8, 12)

Case = tuple[list[onnx.NodeProto], dict[str, Any]]


def numbers(*given: int, alone: bool = False) -> np.ndarray:
    return np.array(given[0] if alone else given)


CASES: dict[str, Case] = {
    "parts of lengths, one of them": (
        [
            node("SplitToSequence", "x lengths", "parts", axis=1),
            node("SequenceAt", "parts second", "part"),
            node("Relu", "part", "y"),
        ],
        {"lengths": numbers(1, 3, 2), "second": numbers(1, alone=True)},
    ),
    "parts of four, the last shorter and first": (
        [
            node("SplitToSequence", "x each", "parts", axis=-1),
            node("SequenceAt", "parts last", "end"),
            node("SequenceErase", "parts last", "rest"),
            node("SequenceInsert", "rest end begin", "turned"),
            node("ConcatFromSequence", "turned", "y", axis=3),
        ],
        {
            "each": numbers(5, alone=True),
            "last": numbers(-1, alone=True),
            "begin": numbers(0, alone=True),
        },
    ),
    **{
        f"one put in at place {place}": (
            [
                node("Relu", "x", "a"),
                node("Neg", "x", "b"),
                node("SequenceConstruct", "x a", "two"),
                node("SequenceInsert", "two b place", "three"),
                node("ConcatFromSequence", "three", "y", axis=1),
            ],
            {"place": numbers(place, alone=True)},
        )
        for place in (-2, -1, 0, 1, 2)
    },
    "channels by themselves, turned round": (
        [
            node("SplitToSequence", "x", "parts", axis=1, keepdims=0),
            *(
                each
                for k in range(6)
                for each in (node("SequenceAt", f"parts n{k}", f"c{k}"), node("Abs", f"c{k}", f"a{k}"))
            ),
            node("SequenceConstruct", "a5 a4 a3 a2 a1 a0", "list"),
            node("ConcatFromSequence", "list", "y", axis=1, new_axis=1),
        ],
        {f"n{k}": numbers(k, alone=True) for k in range(6)},
    ),
    "a list that begins empty and its length": (
        [
            helper.make_node("SequenceEmpty", [], ["none"]),
            node("Relu", "x", "part"),
            node("SequenceInsert", "none part", "one"),
            node("SequenceInsert", "one x", "two"),
            node("SequenceLength", "two", "count"),
            node("Cast", "count", "factor", to=1),
            node("ConcatFromSequence", "two", "joined", axis=1),
            node("Mul", "joined factor", "y"),
        ],
        {},
    ),
}


@pytest.mark.parametrize("free", [False, True], ids=["one size", "any size"])
@pytest.mark.parametrize("name", CASES)
def test_lists_are_read_as_what_lies_in_them(name: str, free: bool, tmp_path: Path) -> None:
    nodes, tensors = CASES[name]
    by_columns = free and any(a.name == "axis" and a.i == -1 for node in nodes for a in node.attribute)
    made = graph_of(nodes, [1, SHAPE[0], "h", "w"] if free and not by_columns else [1, *SHAPE], **tensors)
    found = opened(made, tmp_path)
    for size in (SHAPE[1:], (16, 20)) if free and not by_columns else (SHAPE[1:],):
        picture = normal(SHAPE[0], *size)
        wanted = by_onnxruntime(made, picture[None])
        assert relative_error(in_the_studio(found, picture), wanted.reshape(-1, *wanted.shape[-2:])) < 1e-6


@pytest.mark.parametrize(
    ("nodes", "tensors", "said"),
    [
        (
            [node("SplitToSequence", "x lengths", "parts", axis=1), node("SequenceAt", "parts place", "y")],
            {"lengths": numbers(3, 3), "place": numbers(2, alone=True)},
            "takes place 2 of a list of 2",
        ),
        (
            [node("SequenceConstruct", "x x", "two"), node("SequenceInsert", "two x place", "y")],
            {"place": numbers(3, alone=True)},
            "takes place 3 of a list of 2",
        ),
        (
            [node("SplitToSequence", "x lengths", "parts", axis=1), node("SequenceAt", "parts place", "y")],
            {"lengths": numbers(3, 4), "place": numbers(0, alone=True)},
            r"splits 6 into \[3, 4\]",
        ),
        (
            [node("SplitToSequence", "x each", "parts", axis=1), node("SequenceAt", "parts each", "y")],
            {"each": numbers(0, alone=True)},
            "splits into parts of 0",
        ),
        ([node("SequenceConstruct", "x x", "list"), node("Relu", "list", "y")], {}, "is a list of 2 maps"),
        ([node("ConcatFromSequence", "x", "y", axis=1)], {}, "is no list"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(
    nodes: list[onnx.NodeProto], tensors: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(StudioError, match=said):
        opened(graph_of(nodes, [1, *SHAPE], **tensors), tmp_path)
