"""One layer of a running network, from Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from studio.engine.base import Engine, Stats
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.clusters import named
from studio.model.bends.stage import Channels, Cluster, Guard, Mask, Stage, made
from studio.model.bends.stage_given import given_bend, given_channels, given_guard, given_mask
from studio.model.bends.stages import added
from studio.model.filters import live_edits
from studio.model.filters.edit import Edit, Selection
from studio.model.filters.live_edits import LiveEdit
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.runtime.bending.clusters import ClusterFinder
from studio.runtime.bending.impact import How, Impact


class Live(Protocol):
    """The running network of a layer, as the layer needs it: `studio.api.LiveNetwork` is one."""

    network: Network
    engine: Engine

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The bends of activations, of all layers."""
        ...

    def set_stages(self, stages: Iterable[Stage]) -> None:
        """Bend by these stages, and no others."""

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """The clusters of channels that are kept, of all layers."""
        ...

    @property
    def edits(self) -> tuple[LiveEdit, ...]:
        """The edits of filters that are kept live."""
        ...

    def set_edits(self, edits: Iterable[LiveEdit]) -> None:
        """Keep these edits live, and no others."""


class LiveLayer:
    """One layer of a running network; all it gives is read when asked for."""

    def __init__(self, live: Live, name: str) -> None:
        self._live = live
        self._node = live.network.graph.node(name)
        self.name = name

    def __repr__(self) -> str:
        return f"<layer {self.name}: {self._node.op!r}>"

    def _full_name(self, key: str) -> str:
        """A tensor's name in the network: that of the layer it belongs to, where several share it."""
        return f"{self._node.owner}.{key}"

    @property
    def output(self) -> Array:
        """(C, H, W) float32 activation of the last run."""
        return self._live.engine.activation(self.name)

    @property
    def unbent(self) -> Array:
        """(C, H, W) float32 activation of the last run, as the layer made it, before its bends."""
        return self._live.engine.activation(made(self.name))

    @property
    def tensors(self) -> tuple[str, ...]:
        """Names of its tensors: "weight", "bias", "running_mean" and so on."""
        return tuple(self._node.op.tensor_shapes())

    def tensor(self, key: str) -> Array:
        """A copy of one of its tensors, in PyTorch's layout."""
        return self._live.engine.tensor(self._full_name(key))

    @property
    def filter(self) -> Array:
        """A copy of the weight, in PyTorch's layout: OIHW, or IOHW for a transposed convolution. May be assigned to."""
        return self.tensor("weight")

    @filter.setter
    def filter(self, values: Array) -> None:
        self._live.engine.set_tensor(self._full_name("weight"), np.asarray(values, np.float32))

    @property
    def filter_sheet(self) -> Array:
        """The weight as a picture of signed values: a grid of kernels (see `studio.model.networks.layout`)."""
        return self._live.engine.sheet(self._full_name("weight"))

    @property
    def stats(self) -> Stats:
        """Minimum, maximum, mean and histogram of its activation, reduced on the device."""
        return self._live.engine.stats(self.name)

    @property
    def seconds(self) -> float:
        """How long it took in its last run."""
        self._live.engine.shape(self.name)
        return self._live.engine.times()[self.name]

    def edit(
        self,
        edit: Edit,
        selection: Selection | None = None,
        *,
        rows: Iterable[int] | None = None,
        columns: Iterable[int] | None = None,
        tensor: str = "weight",
    ) -> None:
        """Apply an edit to kernels of one of its tensors; the next `LiveNetwork.update` or call shows it.

        Args:
            edit: what to do, such as ``studio.edit("Gain", factor=2.0)``.
            selection: which kernels; all where neither this nor rows nor columns are given.
            rows: whole rows of the filter sheet: output channels (input channels of a transposed convolution).
            columns: whole columns of the filter sheet.
            tensor: which tensor.
        """
        name = self._full_name(tensor)
        values = self._live.engine.tensor(name)
        patch = edit.apply(values, _chosen(values.shape, selection, rows, columns))
        self._live.engine.replace(name, patch.rect, patch.values)

    def keep_live(
        self,
        edit: Edit,
        selection: Selection | None = None,
        *,
        rows: Iterable[int] | None = None,
        columns: Iterable[int] | None = None,
        tensor: str = "weight",
        amount: float = 1.0,
    ) -> LiveEdit:
        """Keep an edit live over one of its tensors, behind those that are there: its numbers can be turned and moved.

        Args:
            edit: what to do; one that needs a second tensor works from the trained one.
            selection: which kernels; all where neither this nor rows nor columns are given.
            rows: whole rows of the filter sheet.
            columns: whole columns of the filter sheet.
            tensor: which tensor.
            amount: from 0, as it was, to 1, edited.

        Returns:
            The live edit, whose number addresses go by: ``net.move("/edit/1/factor", "lfo", beats=4)``.

        Raises:
            StudioError: naming what does not fit.
        """
        name = self._full_name(tensor)
        shape = self._live.engine.tensor(name).shape
        some = (selection, rows, columns) != (None, None, None)
        chosen = _chosen(shape, selection, rows, columns) if some else None
        edits, made = live_edits.added(self._live.edits, name, edit, selection=chosen, amount=amount)
        self._live.set_edits(edits)
        return made

    @property
    def _channels(self) -> int:
        """Of its map: those of the last run, or those that it will have."""
        usual = self._live.network.graph.usual_shapes
        return usual[self.name].channels if usual else self._live.engine.shape(self.name).channels

    # -- bends of what it hands on ----------------------------------------------------------------------------------

    @property
    def bends(self) -> tuple[Stage, ...]:
        """The stages behind it, in their order."""
        return tuple(stage for stage in self._live.stages if stage.layer == self.name)

    def bend(
        self,
        bend: Bend,
        *,
        channels: Channels | Cluster | str | Iterable[int] | None = None,
        amount: float = 1.0,
        mask: Mask | Array | str | None = None,
        guard: Guard | str | None = None,
        source: str | None = None,
    ) -> Stage:
        """Put a bend behind it, after those that are there; the next `LiveNetwork.update` or call shows it.

        Args:
            bend: what to do, such as ``studio.bend("Rotate", angle=30)``.
            channels: which channels: numbers, a boolean for each, a cluster or the name of one that is kept, or one of
                the classes of `studio.model.bends.stage`; None is all.
            amount: from 0, as it was, to 1, bent.
            mask: where on the picture: (height, width) from 0 to 1, or the luma of an input or layer, by its name;
                None is everywhere.
            guard: what the bent map is held to, or its kind: "none", "finite", "deviation" or "norm"; None makes what
                is not finite zero.
            source: the layer whose map a bend from another layer takes.

        Returns:
            The stage, whose number `LiveNetwork.unbend` and addresses (``/bend/1/angle``) go by.

        Raises:
            StudioError: naming what does not fit.
        """
        count = self._channels
        if isinstance(channels, Cluster) and channels.layer != self.name:
            other = LiveLayer(self._live, channels.layer)._channels
            if other != count:
                raise StudioError(
                    f"The cluster is of {channels.layer}, which has {other} channels; {self.name} has {count}."
                )
        if isinstance(channels, str):
            channels = named(self._live.clusters, self.name, channels)
        settings: dict[str, Any] = {"amount": amount, "source": source, "channels": given_channels(channels, count)}
        settings |= {"mask": given_mask(mask), "guard": given_guard(guard)}
        bend = given_bend(bend)
        stages, stage = added(self._live.stages, self.name, bend, **settings)
        self._live.set_stages(stages)
        return stage

    def clusters(self, count: int | None = None, seed: int = 0) -> tuple[Cluster, ...]:
        """Its channels in clusters of those that look alike in the last run, the largest first.

        Args:
            count: how many clusters; None proposes as many as are told apart best.
            seed: from which they are looked for; the same one finds the same.
        """
        finder = ClusterFinder(self.name)
        self._live.engine.shape(self.name)  # refuses what has not run
        finder.add(self._live.engine.activation(made(self.name)))
        return finder.clusters(count, seed)

    def impact(self, how: How = "ablate") -> Array:
        """(channels,) float32: how far each channel moves the output of the last run, in its values, root mean square.

        Args:
            how: when the channel is taken out ("ablate"), or doubled ("scale").
        """
        impact = Impact(self._live.engine, self.name, how)
        impact.measure()
        return impact.of


def _chosen(
    shape: tuple[int, ...],
    selection: Selection | None,
    rows: Iterable[int] | None,
    columns: Iterable[int] | None,
) -> Selection:
    chosen = selection or Selection.everything(shape)
    if rows is not None:
        chosen = chosen & Selection.rows(shape, rows)
    if columns is not None:
        chosen = chosen & Selection.columns(shape, columns)
    return chosen
