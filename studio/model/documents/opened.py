"""What is open, to be read: a preset with its tensors as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from studio.model import numbers
from studio.model.bends.stages import STAGES, Stages
from studio.model.filters.bent import BentTensors
from studio.model.filters.room import Room
from studio.model.filters.version import Version
from studio.model.movement.address import Number
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset, Unread
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

T = TypeVar("T")


class Opened:
    """An open preset; `studio.model.documents.document.Document` is how it changes.

    Args:
        preset: what is open.
        path: its folder; None where it has none yet.
    """

    def __init__(self, preset: Preset, path: Path | None) -> None:
        self._room = Room()
        self._open(preset, path)

    def _open(self, preset: Preset, path: Path | None) -> None:
        self._preset, self._path = preset, path
        self._tensors = BentTensors(preset.network, preset.changed, self._room)
        self._largest = max((tensor.size for tensor in preset.network.tensors.values()), default=0)
        self._room.trim(self._largest)

    @property
    def room_wanted(self) -> int:
        """Weights for which `take_in` should be given room, so that a stroke need not wait for memory; 0 for none."""
        return self._largest if self._room.lacks(self._largest) else 0

    def take_in(self, made: Array) -> None:
        """Keep room for the copy that the next change of a large tensor makes; see `studio.model.filters.room`."""
        if made.size == self.room_wanted:
            self._room.take_in(made)

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
    def unread(self) -> Mapping[str, Unread]:
        """Sections of the preset that this studio cannot use, and keeps."""
        return self._preset.unread

    def section(self, section: Section[T]) -> T:
        """The value of a section of the preset."""
        return self._preset.section(section)

    @property
    def stages(self) -> Stages:
        """The bends of activations."""
        return self._preset.section(STAGES)

    def numbers(self) -> tuple[Number, ...]:
        """Every number of the preset that can be turned."""
        return tuple(knob.number for knob in numbers.knobs(self._preset))

    def listed(self) -> tuple[tuple[Number, float], ...]:
        """Every number of the preset that can be turned, with its value."""
        return tuple((knob.number, knob.get(self._preset)) for knob in numbers.knobs(self._preset))

    def find(self, address: str) -> Number | None:
        """One of them; None where there is none at this address."""
        found = numbers.find(self._preset, address)
        return None if found is None else found.number

    def number(self, address: str) -> Number:
        """One of them; StudioError where there is none at this address."""
        return numbers.knob(self._preset, address).number

    def get(self, address: str) -> float:
        """The value of a number; StudioError where there is none at this address."""
        return numbers.get(self._preset, address)

    def turned(self, address: str, value: object) -> Mapping[Section[Any], Any]:
        """The sections that turning a number would change, with their new values.

        Raises:
            StudioError: where there is none at this address, or the value is no number or out of range.
        """
        after = numbers.turned(self._preset, address, value).sections
        return {key: held for key, held in after.items() if held != self._preset.section(key)}

    def sections_now(self) -> Preset:
        """The preset with its sections as they are now, but with the tensors that it was opened with."""
        return self._preset

    def tensor(self, name: str) -> Array:
        """A tensor as it is now, in PyTorch's layout: a read-only view, whose values later edits may change.

        Raises:
            StudioError: where there is no such tensor.
        """
        view = self._tensors[name].view()
        view.flags.writeable = False
        return view

    def original(self, name: str) -> Array:
        """A tensor as it was trained."""
        self.tensor(name)
        return self.network.tensors[name]

    def is_bent(self, name: str) -> bool:
        """Whether a tensor, or any of a layer's, differs from its trained values in any bit."""
        if name in self._tensors:
            return self._tensors.is_bent(name)
        owner = self.graph.node(name).owner
        return any(self._tensors.is_bent(f"{owner}.{key}") for key in self.graph.node(owner).op.tensor_shapes())

    def hold(self, name: str) -> Version:
        """A tensor as it is now, which stays so whatever is changed; StudioError where there is no such tensor."""
        return self._tensors.hold(name)

    def bent(self) -> dict[str, Array]:
        """The tensors that differ from their trained values, as they are now and stay; not to be written to."""
        return self._tensors.bent()

    def preset(self) -> Preset:
        """The document as it would be saved."""
        return replace(self._preset, changed=self.bent())
