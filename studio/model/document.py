"""What the artist works on: a network, its bent tensors and its bypassed layers, with undo of everything.

A document belongs to one thread. Whoever wants to know of changes connects to ``changed``; undo emits the same
changes as doing, so there is no second path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from psygnal import Signal

from studio.errors import StudioError
from studio.model.edit import Patch
from studio.model.graph import Graph
from studio.model.history import LIMIT, Command, History
from studio.model.layout import Rect, crop, put, sheet_size
from studio.model.network import Network, same_bits
from studio.model.op import Array
from studio.model.preset import Preset
from studio.model.values import Values


@dataclass(frozen=True)
class WeightsChanged:
    """A rectangle of a tensor's sheet has new values."""

    tensor: str
    rect: Rect


@dataclass(frozen=True)
class NetworkChanged:
    """Another network is open."""


@dataclass(frozen=True)
class BypassChanged:
    """Other layers are bypassed."""


@dataclass(frozen=True)
class DetailsChanged:
    """The name, the path, the source, or whether everything is saved."""


@dataclass(frozen=True)
class HistoryChanged:
    """There is something else to undo or to redo."""


Change = WeightsChanged | NetworkChanged | BypassChanged | DetailsChanged | HistoryChanged


@dataclass(frozen=True, eq=False)
class _State:
    """Everything that opening another preset replaces; ``preset.changed`` holds copies of the bent tensors."""

    preset: Preset
    path: Path | None
    token: int

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.preset.changed.values())


class Document:
    """One open preset.

    Args:
        preset: what to begin with.
        path: its folder; None where it has none yet.
        limit: bytes that undo may keep alive.
    """

    changed = Signal(object)

    def __init__(self, preset: Preset, path: Path | None = None, *, limit: int = LIMIT) -> None:
        self.history = History(limit)
        self._tokens = count()
        self._saved: dict[Path | None, int] = {}
        self._gesture: Gesture | None = None
        self._bent: dict[str, bool] = {}
        self._shared: set[str] = set()
        self._tensors: dict[str, Array] = {}
        self._preset, self._path, self._token = preset, path, next(self._tokens)
        self._install(_State(preset, path, self._token))
        self._saved[path] = self._token

    # -- what there is --------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network as it was trained."""
        return self._preset.network

    @property
    def graph(self) -> Graph:
        """Its layers."""
        return self._preset.network.graph

    @property
    def name(self) -> str:
        """The preset's name."""
        return self._preset.name

    @property
    def description(self) -> str:
        """One line, or empty."""
        return self._preset.description

    @property
    def author(self) -> str:
        """Who made it, or empty."""
        return self._preset.author

    @property
    def source(self) -> str | None:
        """What it was made on, as the command line would name it."""
        return self._preset.source

    @property
    def weights_path(self) -> Path | None:
        """The network's folder."""
        return self._preset.weights_path

    @property
    def view_layer(self) -> str | None:
        """The layer that the preset shows; None for the output."""
        return self._preset.view_layer

    @property
    def path(self) -> Path | None:
        """The preset's folder; None where it has none yet."""
        return self._path

    @property
    def bypassed(self) -> frozenset[str]:
        """The layers that hand on what they read."""
        return self._preset.bypassed

    @property
    def unsaved(self) -> bool:
        """Whether something has changed since the preset was opened or saved."""
        return self._gesture is not None or self._saved.get(self._path) != self._token

    @property
    def revision(self) -> int:
        """A number for what is open as it is now; undo brings an earlier one back."""
        return self._token

    def tensor(self, name: str) -> Array:
        """A tensor as it is now, in PyTorch's layout: a read-only view, whose values later edits change.

        Raises:
            StudioError: where there is no such tensor.
        """
        if name not in self._tensors:
            raise StudioError(f'There is no tensor "{name}"; this network has {", ".join(self._tensors)}.')
        view = self._tensors[name].view()
        view.flags.writeable = False
        return view

    def original(self, name: str) -> Array:
        """A tensor as it was trained."""
        self.tensor(name)
        return self.network.tensors[name]

    def is_bent(self, name: str) -> bool:
        """Whether a tensor, or any of a layer's, differs from its trained values in any bit."""
        if name not in self._tensors:
            owner = self.graph.node(name).owner
            return any(self.is_bent(f"{owner}.{key}") for key in self.graph.node(owner).op.tensor_shapes())
        if name not in self._bent:
            now, trained = self._tensors[name], self.network.tensors[name]
            self._bent[name] = now is not trained and not same_bits(now, trained)
        return self._bent[name]

    def bent(self) -> dict[str, Array]:
        """Copies of the tensors that differ from their trained values."""
        return {name: tensor.copy() for name, tensor in self._tensors.items() if self.is_bent(name)}

    def preset(self) -> Preset:
        """The document as it would be saved."""
        return replace(self._preset, changed=self.bent())

    # -- what can be done -----------------------------------------------------------------------------------------

    def begin(self, label: str) -> Gesture:
        """Begin a stroke or the drag of a slider: what it changes becomes one item of the history."""
        self.finish_gesture()
        self._gesture = Gesture(self, label)
        return self._gesture

    def finish_gesture(self) -> None:
        """Commit the gesture that is under way, if any."""
        if self._gesture is not None:
            self._gesture.commit()

    def apply(self, label: str, tensor: str, patch: Patch) -> None:
        """Change one tensor; a patch that changes no bit leaves no trace.

        Raises:
            StudioError: where there is no such tensor, or the patch does not fit it.
        """
        gesture = self.begin(label)
        try:
            gesture.put(tensor, patch)
        finally:
            gesture.commit()

    def reset(self, label: str, tensors: Iterable[str]) -> None:
        """Give tensors their trained values back; nothing is copied, however large they are."""
        self.finish_gesture()
        before = {name: self._tensors[name] for name in tensors if self.is_bent(name)}
        if before:
            after = {name: self.network.tensors[name] for name in before}
            nbytes = sum(tensor.nbytes for tensor in before.values())
            self._do(label, nbytes, partial(self._swap, before), partial(self._swap, after))

    def set_bypassed(self, layer: str, bypassed: bool) -> None:
        """Let a layer hand on what it reads, or work again; StudioError where there is no such layer."""
        self.graph.node(layer)
        self.finish_gesture()
        before = self.bypassed
        after = before | {layer} if bypassed else before - {layer}
        if before == after:
            return
        label = f"{'Bypass' if bypassed else 'Work again'}: {layer}"
        self._do(label, 0, partial(self._bypass, before), partial(self._bypass, after))

    def set_values(self, values: Values) -> None:
        """Feed and show the network in other values; every weight and every bend stays as it is.

        Raises:
            StudioError: where the values do not fit an input or the output; nothing has changed then.
        """
        before, after = self.network, self.network.with_values(values)
        if after.graph == before.graph:
            return
        self.finish_gesture()
        self._do("Picture values", 0, partial(self._feed, before), partial(self._feed, after))

    def load(self, preset: Preset, path: Path | None = None) -> None:
        """Open another preset; what was open comes back by undo.

        Raises:
            StudioError: where its tensors do not fit its network; nothing has changed then.
        """
        if preset.changed:
            preset.network.with_tensors(preset.changed)
        self.finish_gesture()
        if preset.network is not self.network and preset.network.sha256() == self.network.sha256():
            preset = replace(preset, network=self.network)
        before = _State(self.preset(), self._path, self._token)
        copies = {name: np.array(tensor, np.float32, order="C") for name, tensor in preset.changed.items()}
        after = _State(replace(preset, changed=copies), path, next(self._tokens))
        self._saved[path] = after.token
        nbytes = before.nbytes + after.nbytes
        if preset.network is not self.network:
            nbytes += sum(tensor.nbytes for tensor in before.preset.network.tensors.values())
        command = Command(f"Open {preset.name}", nbytes, partial(self._restore, before), partial(self._restore, after))
        self._restore(after)
        self.history.push(command)
        self.changed.emit(HistoryChanged())

    def mark_saved(self, path: Path, name: str, revision: int | None = None) -> None:
        """Note that this folder now holds the document under this name.

        Args:
            path: the folder.
            name: the preset's name.
            revision: which one was saved; None for the present one, with the gesture that is under way.
        """
        if revision is None:
            self.finish_gesture()
        self._preset = replace(self._preset, name=name)
        self._path = path
        self._saved[path] = self._token if revision is None else revision
        self.changed.emit(DetailsChanged())

    def rename(self, name: str) -> None:
        """Note that the preset has another name in its folder; not an item of the history."""
        self._preset = replace(self._preset, name=name)
        self.changed.emit(DetailsChanged())

    def mark_unsaved(self) -> None:
        """Note that what is open differs from what its folder holds: it was recovered, say, or the folder is gone."""
        self._saved.pop(self._path, None)
        self.changed.emit(DetailsChanged())

    def undo(self) -> bool:
        """Take back the last item of the history, or the gesture under way; False where there is none."""
        if self._gesture is not None:
            self._gesture.cancel()
            return True
        return self._travel(self.history.position - 1)

    def redo(self) -> bool:
        """Do the next item of the history again; False where there is none."""
        self.finish_gesture()
        return self._travel(self.history.position + 1)

    def go(self, position: int) -> None:
        """Undo or redo until so many items of the history are done."""
        self.finish_gesture()
        self._travel(position)

    # -- within ---------------------------------------------------------------------------------------------------

    def _travel(self, position: int) -> bool:
        if not 0 <= position <= len(self.history.labels):
            return False
        self.history.go(position)
        self.changed.emit(HistoryChanged())
        self.changed.emit(DetailsChanged())
        return True

    def _do(self, label: str, nbytes: int, undo: partial[None], redo: partial[None]) -> None:
        """Do it, and note it in the history."""
        redo()
        self._note(label, nbytes, undo, redo)

    def _note(self, label: str, nbytes: int, undo: partial[None], redo: partial[None]) -> None:
        before, after = self._token, next(self._tokens)

        def back() -> None:
            undo()
            self._token = before

        def again() -> None:
            redo()
            self._token = after

        self._token = after
        self.history.push(Command(label, nbytes, back, again))
        self.changed.emit(HistoryChanged())
        self.changed.emit(DetailsChanged())

    def _bypass(self, layers: frozenset[str]) -> None:
        self._preset = replace(self._preset, bypassed=layers)
        self.changed.emit(BypassChanged())

    def _feed(self, network: Network) -> None:
        self._preset = replace(self._preset, network=network)
        self.changed.emit(NetworkChanged())

    def _install(self, state: _State) -> None:
        self._preset, self._path, self._token = state.preset, state.path, state.token
        self._bent.clear()
        self._shared.clear()
        self._tensors = dict(state.preset.network.tensors)
        self._tensors |= {name: tensor.copy() for name, tensor in state.preset.changed.items()}

    def _restore(self, state: _State) -> None:
        before = self._preset.network
        touched = {name for name in self._tensors if self.is_bent(name)} | set(state.preset.changed)
        self._install(state)
        if before is not self.network:
            self.changed.emit(NetworkChanged())
        else:
            for name in sorted(touched):
                self.changed.emit(WeightsChanged(name, Rect(0, 0, *sheet_size(self._tensors[name].shape))))
            self.changed.emit(BypassChanged())
        self.changed.emit(DetailsChanged())

    def _swap(self, tensors: Mapping[str, Array]) -> None:
        """Take other arrays in place of tensors; they belong to the history, too, and are not written to."""
        for name, tensor in tensors.items():
            self._tensors[name] = tensor
            self._shared.add(name)
            self._bent.pop(name, None)
            self.changed.emit(WeightsChanged(name, Rect(0, 0, *sheet_size(tensor.shape))))

    def _put(self, tensor: str, patch: Patch) -> None:
        own = self._tensors[tensor]
        is_own = own is not self.network.tensors[tensor] and tensor not in self._shared
        if not (is_own and own.flags.c_contiguous and own.flags.writeable):
            own = np.array(own, order="C")
            self._shared.discard(tensor)
        put(own, patch.rect, patch.values)
        self._tensors[tensor] = own
        self._bent.pop(tensor, None)
        self.changed.emit(WeightsChanged(tensor, patch.rect))

    def _put_all(self, patches: tuple[tuple[str, Patch], ...]) -> None:
        for tensor, patch in patches:
            self._put(tensor, patch)

    def _gesture_ended(self, gesture: Gesture, before: Mapping[str, Patch]) -> None:
        """The gesture is over; ``before`` is what stood where it has changed anything."""
        assert gesture is self._gesture
        self._gesture = None
        old, new, nbytes = [], [], 0
        for name, patch in before.items():
            now = crop(self._tensors[name], patch.rect)
            if not same_bits(now, patch.values):
                old.append((name, patch))
                new.append((name, Patch(patch.rect, now)))
                nbytes += now.nbytes + patch.values.nbytes
        if new:
            undo, redo = partial(self._put_all, tuple(reversed(old))), partial(self._put_all, tuple(new))
            self._note(gesture.label, nbytes, undo, redo)
        else:
            self.changed.emit(DetailsChanged())


class Gesture:
    """Changes that follow each other quickly and are undone as one; see `Document.begin`.

    Every change is in the document at once. After `commit` or `cancel` further changes do nothing.
    """

    def __init__(self, document: Document, label: str) -> None:
        self.label = label
        self._document = document
        self._before: dict[str, Array] = {}
        self._reach: dict[str, Rect] = {}
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self._open

    def before(self, tensor: str) -> Array:
        """A tensor's values from when this gesture first had to do with it; not to be changed."""
        if tensor not in self._before:
            self._before[tensor] = np.array(self._document.tensor(tensor), order="C")
        return self._before[tensor]

    def put(self, tensor: str, patch: Patch) -> None:
        """Add a change to those so far: a part of a stroke.

        Raises:
            StudioError: where there is no such tensor, or the patch does not fit it.
        """
        if not self._open:
            return
        self.before(tensor)
        self._document._put(tensor, patch)
        self._reach[tensor] = _union(self._reach.get(tensor), patch.rect)

    def preview(self, tensor: str, patch: Patch) -> None:
        """Replace what this gesture has done to the tensor so far: another place of a slider."""
        if not self._open:
            return
        reach = self._reach.get(tensor)
        if reach is not None and _union(patch.rect, reach) != patch.rect:
            self._document._put(tensor, Patch(reach, crop(self.before(tensor), reach)))
        self.put(tensor, patch)

    def commit(self) -> None:
        """End it: one item of the history, or none where no bit differs from before."""
        if self._open:
            self._open = False
            before = {name: Patch(rect, crop(self._before[name], rect)) for name, rect in self._reach.items()}
            self._document._gesture_ended(self, before)

    def cancel(self) -> None:
        """End it, and take back all that it did."""
        for name, rect in self._reach.items():
            if self._open:
                self._document._put(name, Patch(rect, crop(self._before[name], rect)))
        self.commit()


def _union(a: Rect | None, b: Rect) -> Rect:
    if a is None:
        return b
    y, x = min(a.y, b.y), min(a.x, b.x)
    bottom, right = max(a.y + a.height, b.y + b.height), max(a.x + a.width, b.x + b.width)
    return Rect(y, x, bottom - y, right - x)
