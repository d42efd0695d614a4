"""Operators that write into a part of a tensor, as operators that make a new one.

``y = x[:, 0]; y += 1`` changes ``x`` as well, and whatever else shows it. Of every view is kept what it shows: where
one is written, what it shows is made anew with that part replaced, and other views of it are taken again before they
are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from studio.errors import StudioError
from studio.io.importers._meanings.call import Call, Name
from studio.io.importers._words import words

_BACK = words("view reshape flatten unflatten squeeze unsqueeze view_as alias detach _unsafe_view")
"""Views of all values in their order, which another shape brings back."""

_TURNED = words("transpose swapaxes permute t")
_PARTS = words("slice select narrow")


def functional(calls: Sequence[Call], outputs: Collection[str] = ()) -> tuple[list[Call], dict[str, str]]:
    """The calls, none of which writes into a view any more; as they are where none does.

    Args:
        calls: in running order.
        outputs: names of what is returned.

    Returns:
        The calls, and the names that the outputs have in them.
    """
    may_share = [call for call in calls if call.keeps_memory and not call.in_place]
    shown = {name for call in may_share for name in (call.result, *call.results, _written(call))}
    if not any(call.in_place and _written(call) in shown for call in calls):
        return list(calls), {name: name for name in outputs}
    reads = Counter(name for call in calls if not call.is_check for name in call.reads)
    made = {name for call in calls for name in (call.result, *call.results)}
    rewriting = _Rewriting(frozenset({name for name, count in reads.items() if count == 1} & made - set(outputs)))
    found = list(rewriting.run(calls))
    for name in outputs:
        found += rewriting.read(name)
    return found, {name: rewriting.now.get(name, name) for name in outputs}


def _is_view(call: Call) -> bool:
    return call.operator.removeprefix("aten.") in _BACK | _TURNED | _PARTS and bool(call.reads)


def _written(call: Call) -> str:
    found = call.args.get("self", call.args.get("input"))
    return found.text if isinstance(found, Name) else ""


@dataclass
class _Rewriting:
    """The calls while they are rewritten.

    Attributes:
        alone: what a call made and one other alone reads.
        views: for every view, the call that took it.
        now: what holds each tensor of the trace by now.
        seen: for every view, which version of what it shows it was taken of.
        versions: how often each tensor that is no view was written.
        unsure: what may show another tensor, or be a copy of it, and that tensor.
        spoilt: those of which the other was written since.
        count: of the names that were made.
    """

    alone: frozenset[str]
    views: dict[str, Call] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)
    count: int = 0

    def run(self, calls: Sequence[Call]) -> Iterator[Call]:
        """All of them, in order."""
        for call in calls:
            for name in sorted(call.reads):
                yield from self.read(name)
            own = replace(call, args={key: self._renamed(value) for key, value in call.args.items()})
            if not call.in_place:
                if self._may_share(call):
                    self.unsure |= dict.fromkeys((call.result, *call.results), self._root(_written(call)))
                elif _is_view(call):
                    self.views[call.result] = call
                    self.seen[call.result] = self._version(call.result)
                yield own
                continue
            target, _, overload = own.target.removeprefix("torch.ops.").removeprefix("aten.").partition(".")
            yield replace(own, target=f"aten.{target.removesuffix('_')}.{overload}".rstrip("."))
            yield from self._replaced(_written(call), call.result)
            self.views.pop(call.result, None)
            self.views[call.result] = Call("aten.alias.default", {"self": Name(_written(call))}, call.result)
            self.seen[call.result] = self._version(call.result)

    def read(self, name: str) -> Iterator[Call]:
        """What has to be called before a tensor is read."""
        _require(name not in self.spoilt)
        yield from self._fresh(name)

    def _may_share(self, call: Call) -> bool:
        """Whether it cannot be told if a result is a view."""
        name = call.operator.removeprefix("aten.")
        if name in ("reshape", "flatten", "contiguous", "to"):
            chain = _written(call)
            while chain in self.views:
                if self.views[chain].operator.removeprefix("aten.") not in _BACK:
                    return True
                chain = _written(self.views[chain])
            # Whose memory it is does not matter where nobody else sees that.
            return name in ("contiguous", "to") and (_written(call) in self.views or _written(call) not in self.alone)
        return call.keeps_memory and not _is_view(call)

    def _root(self, name: str) -> str:
        while name in self.views:
            name = _written(self.views[name])
        return name

    def _version(self, name: str) -> int:
        return self.versions.get(self._root(name), 0)

    def _fresh(self, name: str) -> Iterator[Call]:
        """A view taken again, where what it shows has been written since."""
        call = self.views.get(name)
        if call is None or self.seen.get(name, 0) == self._version(name):
            return
        yield from self._fresh(_written(call))
        made = self._name(name)
        yield replace(call, args={key: self._renamed(value) for key, value in call.args.items()}, result=made)
        self.now[name] = made
        self.seen[name] = self._version(name)

    def _replaced(self, name: str, made: str) -> Iterator[Call]:
        """What a tensor is from now on, and with it all that it shows a part of."""
        self.now[name] = made
        _require(name not in self.unsure)
        call = self.views.get(name)
        if call is None:
            self.spoilt |= {other for other, root in self.unsure.items() if root == name}
            self.versions[name] = self.versions.get(name, 0) + 1
            return
        parent = _written(call)
        yield from self._fresh(parent)
        whole = self._name(parent)
        yield replace(_put_back(call, Name(self.now.get(parent, parent)), Name(made)), result=whole, path=call.path)
        yield from self._replaced(parent, whole)
        self.seen[name] = self._version(name)

    def _name(self, base: str) -> str:
        self.count += 1
        return f"{base}__{self.count}"

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, Name):
            return Name(self.now.get(value.text, value.text))
        return [self._renamed(item) for item in value] if isinstance(value, list) else value


def _require(clear: bool) -> None:
    if not clear:
        raise StudioError("it writes into a part of a map in place; write torch.cat or torch.where instead.")


def _put_back(view: Call, parent: Name, made: Name) -> Call:
    """The call that puts what a view has become back into what it shows."""
    name, args = view.operator.removeprefix("aten."), view.args
    given = {"self": parent, "src": made, "dim": args.get("dim", 0)}
    if name == "select":
        return Call("aten.select_scatter.default", {**given, "index": args["index"]}, "")
    if name == "slice":
        cut = {key: args[key] for key in ("start", "end", "step") if args.get(key) is not None}
        return Call("aten.slice_scatter.default", {**given, **cut}, "")
    if name == "narrow":
        ends = {"start": args["start"], "end": args["start"] + args["length"]}
        return Call("aten.slice_scatter.default", {**given, **ends}, "")
    if name == "permute":
        order = [axis % len(args["dims"]) for axis in args["dims"]]
        back = [order.index(axis) for axis in range(len(order))]
        return Call("aten.permute.default", {"self": made, "dims": back}, "")
    if name in _TURNED:
        return replace(view, args={**args, "self": made})
    return Call("aten.view_as.default", {"self": made, "other": parent}, "")
