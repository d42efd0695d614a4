"""One operator of a traced PyTorch model, as its trace calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from studio.io.importers._meanings.handlers import Args
from studio.io.importers._words import words

INSTEAD = {
    "aten.bincount": "torch.one_hot and a sum",
    "aten.conv3d": "conv2d, with the frames as channels",
    "aten.gru": "convolutions, or a network that is fed its own output",
    "aten._unique2": "torch.one_hot",
    "aten.histc": "torch.one_hot and a sum",
    "aten.linalg_inv": "the inverse itself, where the matrix does not follow the picture",
    "aten.linalg_svd": "the factors themselves, where the matrix does not follow the picture",
    "aten.lstm": "convolutions, or a network that is fed its own output",
    "aten.nonzero": "torch.where with a mask",
    "aten.scatter_add": "a product with torch.one_hot of the places",
    "aten.index_add": "a product with torch.one_hot of the places",
    "aten.nonzero_numpy": "torch.where with a mask",
    "aten.unique_dim": "torch.one_hot",
}
"""What stands in for an operator that there is not."""


def unsupported(operator: str) -> str:
    """The sentence for an operator that the studio has none for."""
    instead = INSTEAD.get(operator.removesuffix("_"))
    way = f"in its place put {instead}" if instead else "write it with operators that docs/operators.md lists"
    return f"the studio has no operator for it; {way}."


_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")

_FRAME = re.compile(r'File "([^"]+)", line (\d+), in ')

VIEWS = words(
    """
    view reshape flatten unflatten squeeze unsqueeze permute transpose swapaxes t slice narrow select expand detach
    alias contiguous to unbind split chunk split_with_sizes view_as movedim
    """
)
"""What may show the memory of its first argument."""

_DRAWS = words("rand rand_like randn randn_like bernoulli uniform normal")


@dataclass(frozen=True)
class Name:
    """A reference to what an earlier call made."""

    text: str


@dataclass(frozen=True)
class Call:
    """One operator of the trace.

    Attributes:
        target: "aten.conv2d.default".
        args: by the names of PyTorch's schema; `Name` stands for a tensor.
        result: what the trace calls the result.
        results: what it calls the parts of a result that is a list.
        path: the module that made the call, "down.0.conv"; empty for the outermost.
        kind: the class of that module where it is one of torch.nn's own layers, "Conv2d".
        line: the line of the model's own code that made the call, "net.py:12: y = x.sort()[0]"; empty where not known.
    """

    target: str
    args: Args
    result: str
    results: tuple[str, ...] = ()
    path: str = ""
    kind: str = ""
    line: str = ""

    @property
    def at(self) -> str:
        """Where in the model's code, for messages."""
        return f", {self.line}" if self.line else ""

    @property
    def reads(self) -> frozenset[str]:
        """Names of what it reads."""
        return frozenset(_names(list(self.args.values())))

    @property
    def in_place(self) -> bool:
        """Whether it writes into its first argument."""
        return self.operator.endswith("_") and not self.operator.endswith("__")

    @property
    def draws(self) -> bool:
        """Whether it takes numbers off PyTorch's generator."""
        name = self.operator.removeprefix("aten.").removesuffix("_")
        return name in _DRAWS or (name in ("dropout", "feature_dropout") and bool(self.args.get("train")))

    @property
    def is_check(self) -> bool:
        """Whether it only looks whether its arguments are what the model takes."""
        return self.operator.startswith("aten._assert")

    @property
    def keeps_memory(self) -> bool:
        """Whether its result is, or may be, its first argument's memory."""
        return self.in_place or self.operator.removeprefix("aten.") in VIEWS

    @property
    def operator(self) -> str:
        """The target without its overload."""
        return ".".join(self.target.removeprefix("torch.ops.").split(".")[:2])


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Name):
        yield value.text
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _names(item)


def own_layer(path: str, kind: str) -> str:
    """The class's name where this module is one of torch.nn's own layers, else nothing."""
    name = kind.rpartition(".")[2]
    return name if path and kind.startswith("torch.nn.modules.") and name not in _CONTAINERS else ""


def line_of(trace: str) -> str:
    """The innermost line of a module's own code in a stack trace: "net.py:12: y = x.sort()"."""
    lines = [line.strip() for line in trace.strip().splitlines()]
    for number in range(len(lines) - 1, -1, -1):
        found = _FRAME.match(lines[number])
        if found and "site-packages/torch/" not in found[1].replace("\\", "/"):
            code = lines[number + 1] if number + 1 < len(lines) else ""
            return f"{PurePath(found[1]).name}:{found[2]}: {code}".rstrip(": ")
    return ""
