"""A model of another program becomes a network of the person's own; what it would become can be looked at first."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from studio.io.atomic import cannot_write, exists
from studio.io.importers import Imported, Options, open_model, save_imported
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Shape
from studio.model.networks.values import Values, values_of


@dataclass(frozen=True)
class TensorPreview:
    """One tensor that a layer would have.

    Attributes:
        name: its full name, ``layer.tensor``.
        shape: in PyTorch's layout.
        origin: what the file calls it; several names where they share one storage, none where it was computed.
    """

    name: str
    shape: tuple[int, ...]
    origin: tuple[str, ...]


@dataclass(frozen=True)
class LayerPreview:
    """One layer that the network would have.

    Attributes:
        name: its own.
        op: name of its operator.
        inputs: what it reads.
        shape: of its map, for the size that the model was read for.
        tensors: its own; none where it uses those of another layer.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: Shape
    tensors: tuple[TensorPreview, ...]


@dataclass(frozen=True)
class ImportPreview:
    """What a model would become; nothing is written.

    Attributes:
        path: of the model.
        imported: the network and where it came from; `import_model` takes it, so that nothing is read twice.
    """

    path: Path
    imported: Imported

    @property
    def format(self) -> str:
        """Of the file, for people."""
        return self.imported.format

    @property
    def arch(self) -> str:
        """The architecture that was recognised; empty where the file itself says."""
        return self.imported.arch

    @property
    def size(self) -> Size:
        """Of the input that it was read for."""
        return self.imported.size

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks, each a sentence: what was guessed."""
        return self.imported.notes

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What the network is fed."""
        return self._graph.inputs

    @property
    def values(self) -> Values:
        """Range, mean, deviation, order and colour, as guessed or asked for: what a dialog offers to change."""
        return values_of(self._graph)

    @property
    def layers(self) -> tuple[LayerPreview, ...]:
        """In running order."""
        graph, names = self._graph, self.imported.names
        shapes = graph.shapes({i.name: self.size for i in graph.inputs})
        found = []
        for node in graph.nodes:
            own = {} if node.tensors_of else {f"{node.name}.{k}": s for k, s in node.op.tensor_shapes().items()}
            tensors = tuple(TensorPreview(full, shape, names.get(full, ())) for full, shape in own.items())
            found.append(LayerPreview(node.name, type(node.op).__name__, node.inputs, shapes[node.name], tensors))
        return tuple(found)

    @property
    def parameters(self) -> int:
        """How many weights there are."""
        return sum(tensor.size for tensor in self.imported.network.tensors.values())

    def with_values(self, values: Values) -> ImportPreview:
        """The same layers, fed and shown in other values; the file is not read again.

        Raises:
            StudioError: where the values do not fit an input or the output.
        """
        network = self.imported.network.with_values(values)
        return replace(self, imported=replace(self.imported, network=network))

    @property
    def _graph(self) -> Graph:
        return self.imported.network.graph


def preview(path: Path, options: Options | None = None) -> ImportPreview:
    """What a model would become; nothing is written, and nothing of it is executed.

    Args:
        path: the file or the folder.
        options: what the person knows and the file does not say.

    Raises:
        StudioError: where it is no model that the studio can open.
    """
    return ImportPreview(path, open_model(path, options))


def import_model(
    model: Path, home: Path, options: Options | None = None, imported: Imported | None = None, name: str = ""
) -> tuple[Preset, tuple[str, ...]]:
    """Import a model into a new folder, and open it; nothing of the model is executed.

    Args:
        model: the file or the folder.
        home: where the person's networks are; made where it is not there.
        options: what the person knows and the file does not say.
        imported: what was read of the model already, as in `ImportPreview.imported`; the file is not looked at then.
        name: of the network, and, as far as one can have it, of its folder; the model's own where empty.

    Returns:
        A preset that bends nothing, and what the importer has to remark.

    Raises:
        StudioError: where it is no model that the studio can open, or the folder cannot be written.
    """
    found = imported or open_model(model, options)
    if name:
        found = replace(found, network=replace(found.network, name=name))
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(home, error) from error
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name or model.stem).strip("-")[:80] or "network"
    number, folder = 2, home / stem
    while True:
        while exists(folder):
            folder, number = home / f"{stem}-{number}", number + 1
        with contextlib.suppress(FileExistsError):  # another studio has taken it meanwhile
            save_imported(found, folder, overwrite=False)
            break
    network = load_network(folder)
    return Preset(network.name, network, {}, network.description, weights_path=folder), tuple(found.notes)
