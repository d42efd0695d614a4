"""In which values a network is fed and shown: what lies between a picture and the first layer, and after the last."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Colour, Graph
from studio.model.networks.inputs import ChannelOrder, Input


@dataclass(frozen=True)
class Values:
    """What may be said of a network's values without touching its weights; None leaves what it has.

    Attributes:
        range: the values of black and white that its pictures are fed in.
        mean: per channel, or one for all, taken off then; empty for none.
        std: what each channel is then divided by; empty for nothing.
        order: of the channels of its pictures that have three.
        output_range: the values of its output that are shown black and white.
        output_order: of the three channels of its output.
        colour: "input" where its output is luma and gets the picture's own colour back.
    """

    range: tuple[float, float] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    order: ChannelOrder | None = None
    output_range: tuple[float, float] | None = None
    output_order: ChannelOrder | None = None
    colour: Colour | None = None


def values_of(graph: Graph) -> Values:
    """What a network says of its first picture and of its output."""
    given = next((i for i in graph.inputs if i.kind == "picture"), None)
    said = Values(output_range=graph.output_range, output_order=graph.output_order, colour=graph.colour)
    return (
        said if given is None else replace(said, range=given.range, mean=given.mean, std=given.std, order=given.order)
    )


def with_values(graph: Graph, values: Values) -> Graph:
    """The graph with other values at every input that takes a picture, and at its output.

    Raises:
        StudioError: for a range whose ends are not in order, a mean or deviation of another number of channels, a
            deviation of zero, an order where no picture has three channels, or colour kept for what is not luma.
    """
    _check_range(values.range, "The input's range")
    _check_range(values.output_range, "The output's range")
    inputs = tuple(_fed(i, values) if i.kind == "picture" else i for i in graph.inputs)
    if values.order == "bgr" and not any(i.order == "bgr" for i in inputs):
        raise StudioError("The network is fed no picture of three channels, which alone have an order; leave it out.")
    made = replace(
        graph,
        inputs=inputs,
        output_range=values.output_range or graph.output_range,
        output_order=values.output_order or graph.output_order,
        colour=values.colour or graph.colour,
    )
    if made.colour == "input":
        _check_luma(made)
    return made


def _fed(given: Input, values: Values) -> Input:
    order = values.order if values.order and given.channels == 3 else given.order
    mean, std = _row(values.mean, given.mean, given), _row(values.std, given.std, given)
    if not all(number > 0 for number in std):
        raise StudioError(f'The input "{given.name}" cannot be divided by {min(std):g}; give deviations above 0.')
    return replace(given, range=values.range or given.range, mean=mean, std=std, order=order)


def _row(asked: tuple[float, ...] | None, before: tuple[float, ...], of: Input) -> tuple[float, ...]:
    if asked is None:
        return before
    if len(asked) not in (0, 1, of.channels):
        raise StudioError(f'{len(asked)} numbers are given for the {of.channels} channels of the input "{of.name}".')
    if not all(math.isfinite(number) for number in asked):
        raise StudioError(f'The numbers for the input "{of.name}" must be finite.')
    return asked * of.channels if len(asked) == 1 else asked


def _check_range(ends: tuple[float, float] | None, what: str) -> None:
    if ends is not None and not -1e6 <= ends[0] < ends[1] <= 1e6:
        raise StudioError(f"{what} must give a smaller number, then a larger one, not {ends[0]:g} and {ends[1]:g}.")


def _check_luma(graph: Graph) -> None:
    if all(i.kind != "picture" for i in graph.inputs):
        raise StudioError("The network is fed no picture, whose colour it could keep.")
    plain = replace(graph, colour="own")
    step = math.lcm(*graph.multiple)
    for size in (graph.nearest(Size(k * step, k * step)) for k in (1, 4, 16, 64)):
        sizes = {i.name: size for i in graph.inputs}
        try:
            plain.shapes(sizes)
        except StudioError:
            continue  # too small for its layers
        graph.shapes(sizes)
        return
