"""What the artist works on: a network, its bent tensors and its bypassed layers, with undo of everything.

A document belongs to one thread. Whoever wants to know of changes connects to ``changed``; undo emits the same
changes as doing, so there is no second path.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from psygnal import Signal

from studio.model.documents.history import LIMIT, Command, History
from studio.model.documents.live_editing import LiveEditing
from studio.model.documents.states import States
from studio.model.filters.bent import BentTensors
from studio.model.filters.changed_weights import ChangedWeights, by_gesture
from studio.model.filters.edit import Patch
from studio.model.filters.gesture import Gesture
from studio.model.filters.version import Version
from studio.model.networks.changes import (
    DetailsChanged,
    HistoryChanged,
    NetworkChanged,
    Opened,
    Travelled,
    WeightsChanged,
)
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED, Section
from studio.model.networks.values import Values

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _State:
    """Everything that opening another preset replaces; ``preset.changed`` holds the bent tensors."""

    preset: Preset
    path: Path | None
    token: int
    network: int


class Document(LiveEditing):
    """One open preset.

    Args:
        preset: what to begin with.
        path: its folder; None where it has none yet.
        limit: bytes that undo may keep alive.
    """

    changed = Signal(object)

    def __init__(self, preset: Preset, path: Path | None = None, *, limit: int = LIMIT) -> None:
        super().__init__(preset, path)
        self.history = History(limit)
        self._gesture: Gesture | None = None
        self._states = States()
        self._saved: dict[Path | None, int] = {}
        self._opened = self._states.fresh()  # the network's number
        self._token = self._saved[path] = self._state()

    @property
    def unsaved(self) -> bool:
        """Whether something has changed since the preset was opened or saved."""
        return self._gesture is not None or self._saved.get(self._path) != self._token

    @property
    def gesture(self) -> Gesture | None:
        """The stroke or the drag that is under way; None where there is none."""
        return self._gesture

    @property
    def revision(self) -> int:
        """Identifies the current state; undo restores the earlier number."""
        return self._token

    # -- what can be done -----------------------------------------------------------------------------------------

    def begin(self, label: str) -> Gesture:
        """Begin a stroke or the drag of a slider: what it changes becomes one item of the history."""
        self.finish_gesture()
        self._gesture = Gesture(self, label)
        return self._gesture

    def finish_gesture(self, *, travels: bool = False) -> None:
        """Commit the gesture that is under way, if any; on a way through the history one that passes is taken back."""
        if self._gesture is not None and not (travels and self._gesture.give_way()):
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
        before = {name: self.hold(name) for name in tensors if self._tensors.is_bent(name)}
        if before:
            trained = {name: self._tensors.trained(name) for name in before}
            was, become = ChangedWeights(versions=before), ChangedWeights(versions=trained)
            self._do(label, was.nbytes, partial(self._set_all, was, {}), partial(self._set_all, become, {}))

    def set_bypassed(self, layer: str, bypassed: bool) -> None:
        """Let a layer hand on what it reads, or work again; StudioError where there is no such layer."""
        self.graph.node(layer)
        after = self.bypassed | {layer} if bypassed else self.bypassed - {layer}
        self.set_section(BYPASSED, after, f"{'Bypass' if bypassed else 'Unbypass'} {layer}")

    def set(self, address: str, value: object) -> None:
        """Turn a number of the preset, ``/bend/1/amount``; `begin` a gesture to turn it from here to there.

        Raises:
            StudioError: where there is none at this address, or the value is no number or out of range.
        """
        self.set_sections(self.turned(address, value), self.number(address).label)

    def set_section(self, section: Section[T], value: T, label: str) -> None:
        """Give a section of the preset another value; where it is the same nothing happens.

        Args:
            section: which.
            value: immutable; it must fit the network, which whoever sets it has seen to.
            label: what the history calls it.
        """
        self.set_sections({section: value}, label)

    def set_sections(self, sections: Mapping[Section[Any], Any], label: str) -> None:
        """Give several sections other values, as one item of the history; see `set_section`."""
        gesture = self.begin(label)
        for section, value in sections.items():
            gesture.set_section(section, value)
        gesture.commit()

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

    def load(self, preset: Preset, path: Path | None = None, *, after: Gesture | None = None) -> None:
        """Open another preset; what was open comes back by undo.

        Args:
            preset: of the same network or another.
            path: its folder; None where it has none yet.
            after: the gesture under way that has led there, a fade; undo brings back what was before it.

        Raises:
            StudioError: where its tensors do not fit its network; nothing has changed then.
        """
        if preset.changed:
            preset.network.with_tensors(preset.changed)
        if after is None or after is not self._gesture:
            self.finish_gesture()
        if preset.network is not self.network and preset.network.sha256() == self.network.sha256():
            preset = replace(preset, network=self.network)
        before = _State(self._handed_over(), self._path, self._token, self._opened)
        copies = {name: np.array(tensor, np.float32, order="C") for name, tensor in preset.changed.items()}
        network = self._states.fresh()
        known = _known_by(network, preset.network, BentTensors(preset.network, copies))
        self._saved[path] = token = self._states.of(known, preset, self._saved.values())
        loaded = _State(replace(preset, changed=copies), path, token, network)
        nbytes = sum(tensor.nbytes for state in (before, loaded) for tensor in state.preset.changed.values())
        if preset.network is not self.network:
            nbytes += sum(tensor.nbytes for tensor in before.preset.network.tensors.values())
        undo, redo = partial(self._restore, before), partial(self._restore, loaded)
        redo()
        self.history.push(Command(f"Open {preset.name}", nbytes, undo, redo))
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
        self._path = path
        self._saved[path] = self._token if revision is None else revision
        self.rename(name)

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
        if self._gesture is not None and not self._gesture.give_way():
            self._gesture.cancel()
            self.changed.emit(Travelled())
            return True
        return self._travel(self.history.position - 1)

    def redo(self) -> bool:
        """Do the next item of the history again; False where there is none."""
        self.finish_gesture(travels=True)
        return self._travel(self.history.position + 1)

    def go(self, position: int) -> None:
        """Undo or redo until so many items of the history are done."""
        self.finish_gesture(travels=True)
        self._travel(position)

    # -- within ---------------------------------------------------------------------------------------------------

    def _handed_over(self) -> Preset:
        """What is open, as it was before the gesture under way, which ends with that."""
        gesture, self._gesture, now = self._gesture, None, self.preset()
        if gesture is None:
            return now
        sections, changed = {**now.sections, **gesture.sections}, {**now.changed, **gesture.hand_over()}
        return replace(now, sections=sections, changed=changed)

    def _travel(self, position: int) -> bool:
        if not 0 <= position <= len(self.history):
            return False
        self.history.go(position)
        for change in (Travelled(), HistoryChanged(), DetailsChanged()):
            self.changed.emit(change)
        return True

    def _do(self, label: str, nbytes: int, undo: partial[None], redo: partial[None]) -> None:
        """Do it, and note it in the history."""
        redo()
        self._note(label, nbytes, undo, redo)

    def _state(self) -> int:
        """The number of what is open as it is now; what is turned back to what it was has that one's."""
        weights = _known_by(self._opened, self.network, self._tensors)
        return self._states.of(weights, self._preset, self._saved.values())

    def _note(self, label: str, nbytes: int, undo: partial[None], redo: partial[None]) -> None:
        before, after = self._token, self._state()

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

    def _feed(self, network: Network) -> None:
        # The tensors are the same arrays, so what is bent stays as it is.
        self._preset = replace(self._preset, network=network)
        self.changed.emit(NetworkChanged(same_layers=True))

    def _restore(self, state: _State) -> None:
        before, touched = self._preset, self._tensors.names() | state.preset.changed.keys()
        self._open(state.preset, state.path)
        self._token, self._opened = state.token, state.network
        if before.network is not self.network:
            self.changed.emit(NetworkChanged())
        else:
            for name in sorted(touched):
                self.changed.emit(WeightsChanged(name, Rect(0, 0, *sheet_size(self._tensors[name].shape))))
            self._tell({BYPASSED, *before.sections, *self._preset.sections})
        self.changed.emit(Opened())
        self.changed.emit(DetailsChanged())

    def _tell(self, sections: Iterable[Section[Any]]) -> None:
        for section in sorted(sections, key=lambda section: section.name):
            self.changed.emit(section.change)

    def _set_all(self, weights: ChangedWeights, sections: Mapping[Section[Any], Any]) -> None:
        for tensor, patch in weights.patches:
            self.put_now(tensor, patch)
        for tensor, version in weights.versions.items():
            self.swap_now(tensor, version)
        self.set_now(sections)

    # -- what a gesture calls -------------------------------------------------------------------------------------

    def put_now(self, tensor: str, patch: Patch) -> None:
        """See `studio.model.filters.gesture.Changeable`."""
        self._tensors.put(tensor, patch)
        self.changed.emit(WeightsChanged(tensor, patch.rect))

    def swap_now(self, tensor: str, version: Version, *, urgent: bool = True) -> None:
        """See `studio.model.filters.gesture.Changeable`."""
        self._tensors.swap(tensor, version)
        self.changed.emit(WeightsChanged(tensor, Rect(0, 0, *sheet_size(version.values.shape)), urgent))

    def set_now(self, sections: Mapping[Section[Any], Any]) -> None:
        """See `studio.model.filters.gesture.Changeable`."""
        changed = {key: value for key, value in sections.items() if self.section(key) != value}
        if changed:
            self._preset = replace(self._preset, sections={**self._preset.sections, **changed})
            self._tell(changed)

    def end_gesture(self, gesture: Gesture) -> None:
        """See `studio.model.filters.gesture.Changeable`."""
        assert gesture is self._gesture
        self._gesture = None
        was, become = by_gesture(gesture, self.hold)
        nbytes = was.nbytes + become.nbytes
        before = {key: value for key, value in gesture.sections.items() if self.section(key) != value}
        after = {key: self.section(key) for key in before}
        nbytes += sum(getattr(value, "nbytes", 0) for value in before.values())
        if become or before:
            nbytes += sum(key.nbytes(value, after[key]) for key, value in before.items())
            undo, redo = partial(self._set_all, was, before), partial(self._set_all, become, after)
            self._note(gesture.label, nbytes, undo, redo)
        else:
            self.changed.emit(DetailsChanged())


def _known_by(opened: int, network: Network, tensors: BentTensors) -> Hashable:
    """What tells weights, and the values in which they are fed and shown, from others of the same opening."""
    graph = network.graph
    return opened, graph.inputs, graph.output_range, graph.output_order, graph.colour, tensors.marks()
