"""The names of signals: by which sources go, and which set them off."""

from __future__ import annotations

import difflib
import re

from studio.errors import StudioError
from studio.model.movement.modulator import Modulator
from studio.model.networks.graph import Graph

TRIGGERS = ("beat", "sound/onset", "sound/beat", "midi/1/note/60", "midi/1/cc/1", "osc/hit")
"""One of each kind that sets something off."""

_TRIGGER = re.compile(r"beat|sound/(onset|beat)|midi/([1-9]|1[0-6])/((cc|cc14|note|nrpn)/\d+|pitch|pressure)|osc/.+")
_LAYER = re.compile(r"layer/(.*)/(mean|spread)")


def check_signals(source: Modulator, graph: Graph) -> None:
    """Refuse a source that would wait for ever, as nothing has the name that it goes by.

    Args:
        source: what moves.
        graph: the network, whose layers can be measured.

    Raises:
        StudioError: naming the signal or layer, and what there is. A layer that is not chosen yet is none of these.
    """
    for name in source.signals():
        of_layer = _LAYER.fullmatch(name)
        if of_layer and of_layer[1] and of_layer[1] not in graph:
            names = [node.name for node in graph.nodes]
            close = (difflib.get_close_matches(of_layer[1], names, n=1) or names[-1:])[0]
            raise StudioError(f'{source.label}: the network has no layer "{of_layer[1]}"; it has "{close}", say.')
        is_trigger = name in (getattr(source, "trigger", None), getattr(source, "retrigger", None))
        if is_trigger and not _TRIGGER.fullmatch(name):
            raise StudioError(f'{source.label}: nothing is set off by "{name}"; signals are {", ".join(TRIGGERS)}.')
