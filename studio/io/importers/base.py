"""What an importer is, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from studio.errors import StudioError
from studio.io.importers._byte_values import gives_bytes, guess_bytes
from studio.io.importers._draft import Draft, Weight
from studio.io.manifest import title_of
from studio.io.stored import LIMIT, Stored
from studio.model.declared.size import Size
from studio.model.networks.graph import Colour
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.network import Network
from studio.model.networks.values import Values

Range = tuple[float, float]

_BYTES = (0.0, 255.0)
SHOWN = "output_values"
"""The layer that brings an output into values that are shown, where they differ from channel to channel."""


@dataclass(frozen=True)
class Options:
    """What the person who imports knows and the file does not say.

    Attributes:
        arch: name of the architecture of a state dict; recognised where empty.
        input_size: of the input that the layers are traced for; the file's own where None.
        input_range: the values that black and white have; the family's own, else 0..1, where None.
        mean: per channel, taken off the input after it was brought into its range.
        std: per channel, by which the input is then divided.
        order: of the channels of the input, and of an output of three; guessed from a known mean, else rgb, where None.
        output_range: the values of the output that are black and white; the family's own, else the input's, where None.
        colour: "input" for a network of luma, which keeps its picture's colour; the family's own where None.
        output: of a model that gives several, the name of the one that is taken; the first picture's where empty.
        pick: of a file with several sets of tensors, the one that is taken: "ema", "models.netG"; the best that fits
            where empty.
        statistics: what batch norms of a state dict go by: those that were learnt, or the picture's own.
        dropout: whether values are left out by chance where the family's authors do so in their pictures, too.
        output_mean: per channel, added to the output once it was multiplied by ``output_std``.
        output_std: per channel, what the output is multiplied by.
        channels: how channels of a picture become those of a network that takes neither one nor three: "repeat",
            "grey", "opaque" or "zeros"; they do not where empty.
        state: what its input begins as where its output is its input in the next step: "zeros", "seed", "noise",
            "noise,seed=3" or "picture"; empty where the input is a picture.
    """

    arch: str = ""
    input_size: Size | None = None
    input_range: Range | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    order: ChannelOrder | None = None
    output_range: Range | None = None
    colour: Colour | None = None
    output: str = ""
    pick: str = ""
    statistics: Literal["learnt", "picture"] = "learnt"
    dropout: bool = False
    output_mean: tuple[float, ...] = ()
    output_std: tuple[float, ...] = ()
    channels: str = ""
    state: str = ""


@dataclass(frozen=True)
class Imported:
    """A network, and what is known of where it came from.

    Attributes:
        network: ready to be saved.
        format: of the file, for people.
        size: of the input that it was traced for.
        names: for every tensor, what the file calls it; several names where they share one storage.
        notes: remarks, each a sentence.
        arch: the architecture that was recognised; empty where the file itself says.
        leftover: what the file holds besides, by name: counters of batch norms, as whole numbers.
        stored: the tensors of the file by name, as they lie there.
        prefix: what all names of the file begin with and ``names`` leave out: "module.".
        complete: whether ``stored`` is a whole state dict, of which nothing may be missing on the way back.
        outputs: what the file calls its outputs; empty where it does not name them.
        picked: which of them was taken.
        picks: the sets of tensors that the file holds, by where they lie in it.
        pick: which of them was taken.
        state: what its input begins as where its output is its input in the next step, as its family says.
        others: the layers of its other outputs, where they are kept for states.
    """

    network: Network
    format: str
    size: Size
    names: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    arch: str = ""
    leftover: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[str, Stored] = field(default_factory=dict)
    prefix: str = ""
    complete: bool = False
    outputs: tuple[str, ...] = ()
    picked: str = ""
    picks: tuple[str, ...] = ()
    pick: str = ""
    state: str = ""
    others: tuple[str, ...] = ()


class Importer(Protocol):
    """One format; a module of this folder declares it as ``IMPORTER``."""

    name: str
    """For people: "ONNX"."""

    suffixes: tuple[str, ...]
    """What its files end in."""

    def match(self, path: Path) -> bool:
        """Whether it reads what lies there; the first that says so gets it."""
        ...

    def open(self, path: Path, options: Options) -> Imported:
        """Read it; StudioError, naming what is at fault, where that cannot be done."""
        ...


@dataclass(frozen=True)
class Known:
    """What an importer knows of a model besides its layers; see `Imported`.

    Attributes:
        fixed: whether it takes pictures of the size that it was read at alone.
        made_for: the one size that its file is for.
    """

    format: str
    arch: str = ""
    output_range: Range | None = None
    leftover: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[str, Stored] = field(default_factory=dict)
    prefix: str = ""
    complete: bool = False
    colour: Colour = "own"
    outputs: tuple[str, ...] = ()
    picked: str = ""
    fixed: bool = False
    made_for: Size | None = None
    state: str = ""


def finished(draft: Draft, output: str, path: Path, known: Known, options: Options) -> Imported:
    """The draft as a network under the file's name, in the values that were asked for, else that are known of it."""
    pictures = [i for i in draft.inputs if i.kind == "picture"]
    _say_channels(draft, output)
    if options.input_range is None:
        guess_bytes(draft)
    gives = _BYTES if gives_bytes(draft, output) and not options.output_std else None
    output = _denormalised(draft, output, options)
    size = draft.picture_size((pictures or draft.inputs)[0])
    output_range = known.output_range or gives or options.input_range or (0.0, 1.0)
    network = draft.network(title_of(path.stem, "imported"), output, output_range)
    network = _of_its_size(network, draft, known.fixed)
    if known.made_for is not None and network.graph.only_size is None:
        draft.notes.append(
            f"Its file is for pictures of {known.made_for}; at other sizes the same layers run, which is right where "
            "the model does not go by the size."
        )
    network = network.with_values(_asked(draft, network.graph.output, known, options))
    names = {full: draft.weights[full].origin for full in network.tensors}
    return Imported(
        network,
        known.format,
        size,
        names,
        tuple(draft.notes),
        known.arch,
        known.leftover,
        known.stored,
        known.prefix,
        known.complete,
        known.outputs,
        known.picked,
        state=known.state,
        others=tuple(draft.others),
    )


def _denormalised(draft: Draft, output: str, options: Options) -> str:
    """With a last layer that multiplies every channel of the output and adds to it, where that was asked for."""
    if not (options.output_mean or options.output_std):
        return output
    channels = draft.shapes[output].channels
    rows = []
    for name, given, usual in (("mean", options.output_mean, 0.0), ("deviation", options.output_std, 1.0)):
        if len(given) not in (0, 1, channels):
            raise StudioError(f"{len(given)} numbers are given as the {name} of an output of {channels} channels.")
        row = given * channels if len(given) == 1 else given or (usual,) * channels
        rows.append(Weight(np.array(row, np.float32)))
    tensors = {"bias": rows[0], "weight": rows[1]}
    return draft.add("ScaleShift", output, name=SHOWN, tensors=tensors, num_features=channels)


def _say_channels(draft: Draft, output: str) -> None:
    """What no source can feed is said."""
    for put in draft.inputs:
        if put.kind == "picture" and put.channels not in (1, 3):
            if draft.shapes[put.name] == draft.shapes[output]:
                draft.notes.append(
                    f"Its output is like its input, of {put.channels} channels: where the one is to be the other in "
                    "the next step, as in a cellular automaton, give --state seed, zeros, noise or picture."
                )
            draft.notes.append(
                f'Its input "{put.name}" takes pictures of {put.channels} channels; sources give 3 (red, green, blue) '
                "or 1 (grey), so that it runs from Python alone. --channels opaque, repeat, grey or zeros makes them "
                "of a picture by a layer before it."
            )


def _of_its_size(network: Network, draft: Draft, fixed: bool) -> Network:
    """The size it was traced for stands in its pictures where its layers take no other, or mean it alone."""
    graph = network.graph
    sizes = {i.name: draft.picture_size(i) for i in graph.inputs}
    free = all(node.op.size_ratio() for node in graph.nodes) or all(i.kind != "picture" for i in graph.inputs)
    if not fixed and not free:
        try:
            found = graph.shapes({name: size.times(2) for name, size in sizes.items()})
        except StudioError:
            fixed = True
        else:
            # Of a file of one size: what it makes of another would have the size of the first.
            own, twice = Size(*draft.shapes[graph.output][1:]), Size(*found[graph.output][1:])
            pictures = {sizes[i.name] for i in graph.inputs if i.kind == "picture"}
            if own in pictures and min(own) > 1 and twice == own:
                fixed = True
                draft.notes.append(
                    f"It takes pictures of {own} alone: its layers were made for that size; export it with heights and "
                    "widths that may be any."
                )
    if not fixed:
        return network
    inputs = tuple(replace(i, size=sizes[i.name]) if i.kind == "picture" else i for i in graph.inputs)
    return replace(network, graph=replace(graph, inputs=inputs))


# What networks trained in Caffe take off 0..255: blue, green, red.
_CAFFE = (103.939, 116.779, 123.68)


def _asked(draft: Draft, output: str, known: Known, options: Options) -> Values:
    """What the person asked for; where that leaves something open, what the family says."""
    channels = draft.shapes[output].channels
    if options.order is None and len(options.mean) == 3 and np.allclose(options.mean, _CAFFE, atol=0.5):
        options = replace(options, order="bgr")
        draft.notes.append("The mean is that of networks trained in Caffe, so blue was taken to come first.")
    if options.colour is None and known.colour == "input" and channels == 1:
        grey = all(i.channels == 1 for i in draft.inputs if i.kind == "picture")
        options = replace(options, colour="input" if grey else None)
    return asked(options, channels)


def asked(options: Options, channels: int) -> Values:
    """What the person says of the values of a network whose output has so many channels."""
    return Values(
        range=options.input_range,
        mean=options.mean or None,
        std=options.std or None,
        order=options.order,
        output_range=options.output_range,
        output_order=options.order if channels == 3 else None,
        colour=options.colour,
    )


def check_size(size: int, what: object) -> None:
    """Raise StudioError where a model has more bytes than are read."""
    if size > LIMIT:
        raise StudioError(
            f"{what}: the model has {size / 2**30:.1f} GiB, but at most {LIMIT >> 30} GiB are read; "
            "export a smaller one, or its generator alone."
        )
