"""Places for a network's layers, from top to bottom.

The longest way from an input to the output goes straight down; what branches off it stands to its left; edges that pass
layers by go round them in lanes, the shortest nearest::

    column 1        column 0   lanes
                    input
                    down1 ------.
    branch <------- down2 ---.  |
       |            ...      |  |
       '----------> join <---'  |
                    join <------'
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from studio.model.networks.graph import Graph


@dataclass(frozen=True)
class Link:
    """An edge.

    Attributes:
        source: what is read.
        target: what reads it.
        lane: None where nothing lies between the two; else how far outside of its column it goes, 0 nearest.
    """

    source: str
    target: str
    lane: int | None = None


@dataclass(frozen=True)
class Layout:
    """Where everything goes.

    Attributes:
        places: (row, column) of every input and layer; rows count down from the inputs, columns to the left.
        links: every edge once.
        lanes: how many lanes each column needs; column 0 has its at the right, others at the left.
    """

    places: Mapping[str, tuple[int, int]]
    links: tuple[Link, ...]
    lanes: Mapping[int, int]


def lay_out(graph: Graph) -> Layout:
    """Place every input and layer."""
    reads = {i.name: () for i in graph.inputs} | {node.name: node.inputs for node in graph.nodes}
    readers: dict[str, list[str]] = defaultdict(list)
    for name, sources in reads.items():
        for source in dict.fromkeys(sources):
            readers[source].append(name)
    depths: dict[str, int] = {}
    for name, sources in reads.items():
        depths[name] = max((depths[source] + 1 for source in sources), default=0)
    # An input stands right above the first that reads it, however deep that is.
    late = {i.name: min((depths[reader] for reader in readers.get(i.name, ())), default=1) - 1 for i in graph.inputs}
    rows = depths | late
    columns = _columns(graph.output, reads, readers, rows, depths)
    places = {name: (rows[name], columns[name]) for name in reads}
    links, lanes = _links(reads, places)
    return Layout(places, links, lanes)


def _columns(
    output: str,
    reads: Mapping[str, tuple[str, ...]],
    readers: Mapping[str, list[str]],
    rows: Mapping[str, int],
    depths: Mapping[str, int],
) -> dict[str, int]:
    """The longest way in column 0; every other chain in the first column that is free beside it."""
    columns: dict[str, int] = {}
    taken: dict[int, list[tuple[int, int]]] = defaultdict(list)
    waiting = [output, *sorted(reads, key=lambda name: -rows[name])]
    for end in waiting:
        chain = _chain(end, reads, depths, columns)
        if not chain:
            continue
        # It must not be crossed on its way from where it branches off to where it comes back.
        top = min([rows[chain[0]], *(rows[source] + 1 for source in reads[chain[0]])])
        bottom = max([rows[chain[-1]], *(rows[reader] - 1 for reader in readers.get(chain[-1], ()))])
        column = next(k for k in range(len(reads) + 1) if all(bottom < a or top > b for a, b in taken[k]))
        taken[column].append((top, bottom))
        columns.update(dict.fromkeys(chain, column))
    return columns


def _chain(
    end: str, reads: Mapping[str, tuple[str, ...]], depths: Mapping[str, int], placed: Mapping[str, int]
) -> list[str]:
    """What leads to a layer the longest way, first to last, as far as it has no place yet."""
    chain: list[str] = []
    name: str | None = end
    while name is not None and name not in placed:
        chain.append(name)
        # Of equally long ways the last-named goes on: a join names what is carried past before what was worked on.
        name = max(reversed(reads[name]), key=lambda source: depths[source], default=None)
    return chain[::-1]


def _links(
    reads: Mapping[str, tuple[str, ...]], places: Mapping[str, tuple[int, int]]
) -> tuple[tuple[Link, ...], dict[int, int]]:
    """Edges, with lanes for those that pass layers of their own column by."""
    pairs = [(source, target) for target, sources in reads.items() for source in dict.fromkeys(sources)]
    occupied: dict[int, set[int]] = defaultdict(set)
    for row, column in places.values():
        occupied[column].add(row)
    lanes: dict[int, list[list[tuple[int, int]]]] = defaultdict(list)
    found: dict[tuple[str, str], Link] = {}
    for source, target in sorted(pairs, key=lambda pair: places[pair[1]][0] - places[pair[0]][0]):
        (top, column), (bottom, other) = places[source], places[target]
        if column != other or not occupied[column].intersection(range(top + 1, bottom)):
            found[source, target] = Link(source, target)
            continue
        lane = next((k for k, used in enumerate(lanes[column]) if _is_free(used, top, bottom)), len(lanes[column]))
        if lane == len(lanes[column]):
            lanes[column].append([])
        lanes[column][lane].append((top, bottom))
        found[source, target] = Link(source, target, lane)
    return tuple(found[pair] for pair in pairs), {column: len(used) for column, used in lanes.items()}


def _is_free(used: list[tuple[int, int]], top: int, bottom: int) -> bool:
    """Whether an edge meets no other in a lane; end to end they may."""
    return all(bottom <= a or top >= b for a, b in used)
