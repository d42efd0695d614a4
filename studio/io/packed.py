"""A preset as it goes to another process of the studio: JSON, and the numbers of its tensors."""

from __future__ import annotations

from collections.abc import Callable

from studio.io.manifest import Document
from studio.io.networks import assembled, document_of
from studio.io.preset_file import sections_from_json, sections_to_json
from studio.io.sections import registry
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array


def packed(preset: Preset) -> tuple[Document, list[Array]]:
    """What JSON says of a preset and its network, and all tensors, in the order in which `unpacked` asks for them."""
    network, names = preset.network, sorted(preset.changed)
    sections, versions = sections_to_json(preset.sections, {})
    document = {
        "name": preset.name,
        "network": document_of(network),
        "changed": names,
        "sections": sections,
        "versions": versions,
    }
    trained = [network.tensors[name] for name in network.graph.tensor_shapes]
    return document, [*trained, *(preset.changed[name] for name in names)]


def unpacked(document: Document, tensor: Callable[[tuple[int, ...]], Array]) -> Preset:
    """The preset that was packed, to the bit, but for what of its file no studio uses.

    Args:
        document: what JSON says.
        tensor: gives the next one, float32 of this shape.

    Raises:
        StudioError: where the network or a section could not stand in a file.
    """
    where = f'The preset "{document["name"]}" cannot be handed on'
    network = assembled(document["network"], where, lambda _, shape: tensor(shape))
    shapes, known = network.graph.tensor_shapes, registry()
    changed = {name: tensor(shapes[name]) for name in document["changed"]}
    read, _ = sections_from_json(document["sections"], document["versions"], where)
    sections = {section: known[section.name].settle(value, network) for section, value in read.items()}
    return Preset(document["name"], network, changed, sections=sections)
