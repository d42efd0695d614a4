"""Trained networks on disk: ``weights/NAME/`` with network.json and a .npy for every tensor, ``LAYER.TENSOR.npy``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from studio import paths
from studio.errors import StudioError
from studio.io.atomic import replacing_folder
from studio.io.folders import (
    carry_over,
    contained,
    find_folder,
    is_file,
    manifest_in,
    require_replaceable,
    steadily,
    subfolders,
    write_into,
)
from studio.io.manifest import Document, FileName, Line, Migration, Part, Title, checked, read_manifest, to_json
from studio.io.npy import encode_npy, read_npy
from studio.model.declared.explain import explain
from studio.model.networks.graph import Colour, Graph
from studio.model.networks.inputs import ANY, Beginning, ChannelOrder, Input, InputKind, Span
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array
from studio.ops import operator

MANIFEST = "network.json"
KIND = "studio-network"
VERSION = 1

MIGRATIONS: dict[int, Migration] = {}
"""For each version before today's, what turns its network.json into the next one's."""


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError("must give a smaller number, then a larger one")
    return ends


_End = Annotated[float, Field(ge=-1e6, le=1e6)]
_Range = Annotated[tuple[_End, _End], AfterValidator(_ascending)]


_Deviation = Annotated[float, Field(gt=0, le=1e6)]


_Side = Annotated[int, Field(ge=1, le=16384)]


def _spanned(ends: Span) -> Span:
    if ends[1] is not None and ends[1] < ends[0]:
        raise ValueError("must give the least side, then the largest, or null for none")
    return ends


_Span = Annotated[tuple[_Side, _Side | None], AfterValidator(_spanned)]


class _Input(Part):
    name: FileName
    channels: int = Field(3, ge=1)
    range: _Range = (0.0, 1.0)
    mean: tuple[_End, ...] = ()
    std: tuple[_Deviation, ...] = ()
    kind: InputKind = "picture"
    order: ChannelOrder = "rgb"
    size: tuple[_Side, _Side] | None = None
    multiple: tuple[_Side, _Side] = (1, 1)
    heights: _Span = ANY
    widths: _Span = ANY
    comes_from: Line = ""
    begins: Beginning = "zeros"
    seed: int = Field(0, ge=0, le=2**32 - 1)
    smaller: tuple[_Side, _Side] = (1, 1)

    @model_validator(mode="after")
    def _one_for_every_channel(self) -> _Input:
        if self.order != "rgb" and self.channels != 3:
            raise ValueError(f"has {self.channels} channels, not three, which have no order")
        for row in (self.mean, self.std):
            if row and len(row) != self.channels:
                raise ValueError(f"must give one mean and one std for each of its {self.channels} channels")
        return self


class _Output(Part):
    layer: FileName
    range: _Range = (0.0, 1.0)
    order: ChannelOrder = "rgb"
    colour: Colour = "own"


class _Layer(Part):
    name: FileName
    op: Title
    inputs: list[FileName]
    params: dict[str, Any] = Field(default_factory=dict)
    tensors_of: FileName | None = None


class _NetworkFile(Part):
    format: Literal["studio-network"]
    version: int
    name: Title
    description: Line = ""
    license: Line = ""
    inputs: list[_Input] = Field(max_length=64)
    output: _Output
    # Far more layers than any network has; sorting them is quadratic.
    layers: list[_Layer] = Field(max_length=2048)


@dataclass(frozen=True)
class NetworkCard:
    """What a list of networks shows, read from network.json alone.

    Attributes:
        name: the folder's name, by which it is opened.
        title: the name that network.json gives it.
        description: one line.
        license: as an SPDX identifier or in words.
        path: the folder.
        problem: why it cannot be opened; empty where nothing is known against it.
    """

    name: str
    title: str
    description: str
    license: str
    path: Path
    problem: str = ""


def load_network(path: Path) -> Network:
    """A network from its folder or its network.json.

    Raises:
        StudioError: naming the file, and the layer, field or tensor at fault.
    """
    file = manifest_in(path, MANIFEST)

    def read() -> Network:
        document = read_manifest(file, KIND, VERSION, MIGRATIONS)
        return assembled(document, file, lambda name, shape: _tensor(file, name, shape))

    return steadily(file.parent, read)


def assembled(document: Document, where: object, tensor: Callable[[str, tuple[int, ...]], Array]) -> Network:
    """A network from what its network.json says, its tensors fetched by full name and shape, one after the other.

    Raises:
        StudioError: beginning with ``where``, naming the layer or field at fault; and whatever ``tensor`` raises.
    """
    described = checked(_NetworkFile, document, where)
    graph = _graph(described, where)
    tensors = {name: tensor(name, shape) for name, shape in graph.tensor_shapes.items()}
    return Network(described.name, graph, tensors, described.description, described.license)


def save_network(network: Network, path: Path, *, overwrite: bool = True) -> None:
    """Make ``path`` the folder of this network, whole or not at all; licences and notes that lie there stay.

    Raises:
        FileExistsError: without ``overwrite``, where something stands there by then.
        StudioError: where the network could not be read again (a name no file can have, NaN in a tensor), where
            ``path`` is a folder of something else, or where it cannot be written.
    """
    require_replaceable(path, MANIFEST, KIND, "network")
    with replacing_folder(path, overwrite=overwrite) as folder:
        carry_over(path, folder, owned_by(path))
        write_network_files(network, folder)


def write_network_files(network: Network, folder: Path) -> None:
    """Write network.json and every tensor into a folder of one's own; StudioError as for `save_network`."""
    what = f'The network "{network.name}" cannot be saved'
    document = document_of(network)
    described = checked(_NetworkFile, document, what)
    check_file_names(network.graph.tensor_shapes, what)
    _graph(described, what)
    for name, tensor in network.tensors.items():
        write_into(folder, f"{name}.npy", encode_npy(tensor, f'tensor "{name}"'))
    write_into(folder, MANIFEST, to_json(document))


def owned_by(path: Path) -> Callable[[str], bool]:
    """Whether a file of this name in the network's folder is one that its network.json tells of, or that file itself.

    A .npy that no network.json tells of is somebody else's, and is never taken for the format's own.
    """
    try:
        file = path / MANIFEST
        tensors = _graph(_described(file), file).tensor_shapes
    except StudioError:
        tensors = {}
    names = {MANIFEST, *(f"{name}.npy" for name in tensors)}
    return lambda name: name in names


def find_network(name_or_path: str) -> Path:
    """A network's folder by its path, else by its name in weights/; StudioError lists the names there are."""
    return find_folder(name_or_path, paths.WEIGHTS, MANIFEST, "network")


def list_networks(home: Path | None = None) -> list[NetworkCard]:
    """The networks in a folder, weights/ where none is given, by name; a damaged one with its problem."""
    cards = []
    for folder in subfolders(home or paths.WEIGHTS, MANIFEST):
        try:
            described = _described(folder / MANIFEST)
        except StudioError as error:
            cards.append(NetworkCard(folder.name, folder.name, "", "", folder, str(error)))
        else:
            title, description, terms = described.name, described.description, described.license
            cards.append(NetworkCard(folder.name, title, description, terms, folder))
    return cards


def check_file_names(names: Iterable[str], where: object) -> None:
    """Raise StudioError where two tensors' files would be one on a system that ignores case."""
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(name.lower(), name)
        if other != name:
            raise StudioError(
                f'{where}: the files of "{other}" and "{name}" differ in case alone, '
                "which not every system can tell apart; rename one."
            )


def _described(file: Path) -> _NetworkFile:
    return checked(_NetworkFile, read_manifest(file, KIND, VERSION, MIGRATIONS), file)


def _graph(described: _NetworkFile, where: object) -> Graph:
    try:
        nodes = tuple(Node(layer.name, _op(layer), tuple(layer.inputs), layer.tensors_of) for layer in described.layers)
        inputs = tuple(
            Input(**{field.name: getattr(i, field.name) for field in fields(Input)}) for i in described.inputs
        )
        output = described.output
        graph = Graph(inputs, nodes, output.layer, output.range, output.order, output.colour)
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error
    check_file_names(graph.tensor_shapes, where)
    return graph


def _op(layer: _Layer) -> Op:
    try:
        op = operator(layer.op).model_validate(layer.params)
        # Asked here, where the layer's name is known: groups that do not divide channels show first in the shapes.
        op.tensor_shapes()
    except ValidationError as error:
        raise StudioError(f'Layer "{layer.name}" ({layer.op}): {explain(error)}.') from error
    except StudioError as error:
        raise StudioError(f'Layer "{layer.name}" ({layer.op}): {error}') from error
    return op


def _tensor(file: Path, name: str, shape: tuple[int, ...]) -> Array:
    path = contained(file.parent, f"{name}.npy")
    if not is_file(path):
        raise StudioError(f'{file}: the tensor "{name}" has no file {path.name} beside it; restore it.')
    return read_npy(path, shape)


def _input(of: Input) -> Document:
    normalising = {key: list(row) for key, row in (("mean", of.mean), ("std", of.std)) if row}
    # An older studio still opens networks that need nothing newer.
    newer = _unless("kind", of.kind, "picture") | _unless("order", of.order, "rgb")
    newer |= {} if of.size is None else {"size": list(of.size)}
    newer |= {} if of.multiple == (1, 1) else {"multiple": list(of.multiple)}
    newer |= {key: list(span) for key, span in (("heights", of.heights), ("widths", of.widths)) if span != ANY}
    newer |= {} if of.smaller == (1, 1) else {"smaller": list(of.smaller)}
    if of.kind == "state":
        newer |= {"comes_from": of.comes_from, "begins": of.begins} | ({"seed": of.seed} if of.seed else {})
    return {"name": of.name, "channels": of.channels, "range": list(of.range)} | normalising | newer


def _output(graph: Graph) -> Document:
    newer = _unless("order", graph.output_order, "rgb") | _unless("colour", graph.colour, "own")
    return {"layer": graph.output, "range": list(graph.output_range)} | newer


def _params(op: Op) -> Document:
    fields = type(op).model_fields
    left_out = {name for name in op.newer if getattr(op, name) == fields[name].default}
    return op.model_dump(mode="json", exclude=left_out)


def _unless(key: str, value: str, default: str) -> Document:
    return {} if value == default else {key: value}


def document_of(network: Network) -> Document:
    """What the network.json of a network says."""
    graph = network.graph
    return {
        "format": KIND,
        "version": VERSION,
        "name": network.name,
        "description": network.description,
        "license": network.license,
        "inputs": [_input(i) for i in graph.inputs],
        "output": _output(graph),
        # Parameters are written at their defaults, too: one that changes later changes no network.
        "layers": [
            {
                "name": node.name,
                "op": type(node.op).__name__,
                "inputs": list(node.inputs),
                "params": _params(node.op),
                **({"tensors_of": node.tensors_of} if node.tensors_of else {}),
            }
            for node in graph.nodes
        ],
    }
