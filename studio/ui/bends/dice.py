"""A bend drawn at random: its kind, its parameters within their safe ranges, and which channels it bends."""

from __future__ import annotations

import random

from studio.bends import registry
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import ChannelList, Channels, SomeChannels
from studio.model.declared.form import fields
from studio.model.documents.document import Document
from studio.model.movement.chance import by_weight, value_by_chance
from studio.model.networks.shape import Array

_SHARES = (0.1, 0.25, 0.5, 1.0)


def throw(document: Document, layer: str, seed: int | None = None, impact: Array | None = None) -> None:
    """Put a bend drawn at random behind a layer, as one item of the history.

    Args:
        document: what is worked on.
        layer: the layer.
        seed: what it is drawn by; None for another each time.
        impact: (channels,) how much each channel of the layer matters, finite or infinite; None where it is not known.

    Raises:
        StudioError: where no layer is selected.
    """
    if layer not in document.graph:
        raise StudioError("Select a layer first; a bend stands behind one.")
    chance = random.Random(seed)
    kinds = [kind for kind in registry().values() if kind.other is None]
    bend = drawn(chance.choice(sorted(kinds, key=lambda kind: kind.__name__)), chance)
    share = chance.choice(_SHARES)
    channels: Channels = SomeChannels(share=share, seed=chance.randrange(1000))
    if impact is not None and share < 1.0:
        channels = drawn_by_effect(impact, share, chance)
    document.add_stage(layer, bend, channels=channels)


def drawn_by_effect(impact: Array, share: float, chance: random.Random) -> ChannelList:
    """A share of the channels, drawn without putting back, each as likely as it matters."""
    return ChannelList(channels=by_weight(impact, max(1, round(share * len(impact))), chance), name="drawn by effect")


def drawn(kind: type[Bend], chance: random.Random) -> Bend:
    """A bend of this kind with parameters drawn from their safe ranges, or near their defaults where none is known."""
    return kind.model_validate({field.name: value_by_chance(field, chance) for field in fields(kind)})
