"""The losses that a lesson asks for by their names, with the networks that some of them look through."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping

from studio.errors import StudioError, choices
from studio.io.opening import open_preset
from studio.learn.asked import ITSELF, Asked
from studio.learn.bank import covering, open_pictures
from studio.learn.lesson_numbers import LOSS_NAMES
from studio.learn.losses import LOSSES, parse_weights
from studio.learn.others import Adversarial, Features, Style, grams_of, looking_layers
from studio.learn.settings import Term
from studio.model.declared.size import Size
from studio.model.filters.live_edits import as_run
from studio.model.networks.network import Network
from studio.model.networks.picture import shallow

_STYLE_SIDE = 256


def terms_of(network: Network, asked: Asked) -> tuple[Term, ...]:
    """Every loss that is asked for.

    Args:
        network: what learns, as it begins.
        asked: the lesson.

    Raises:
        StudioError: for a loss that there is not, or what one looks through that cannot look.
    """
    weights = parse_weights(asked.losses, LOSS_NAMES)
    if asked.style and "style" not in weights:
        weights["style"] = 1.0
    makers: Mapping[str, Callable[[float], Term]] = {
        "features": lambda weight: _features(network, asked, weight),
        "style": lambda weight: _style(network, asked, weight),
        "adversarial": lambda weight: Adversarial(weight, seed=asked.seed + 1),
    }
    return tuple(
        makers[name](weight) if name in makers else LOSSES[name](weight=weight) for name, weight in weights.items()
    )


def _features(network: Network, asked: Asked, weight: float) -> Term:
    extractor = _extractor(network, asked)
    return Features(extractor, _layers(extractor, asked), weight)


def _style(network: Network, asked: Asked, weight: float) -> Term:
    if not asked.style:
        raise StudioError("The style loss needs a picture: Style of in the window, --style on the command line.")
    extractor = _extractor(network, asked)
    with open_pictures(asked.style) as source:
        frame = next(iter(source), None)
    if frame is None:
        raise StudioError(f"There is no picture in {asked.style}; give another for its style.")
    picture = covering(shallow(frame.picture), Size(_STYLE_SIDE, _STYLE_SIDE))
    grams = grams_of(extractor, picture, _layers(extractor, asked))
    return Style(extractor, grams, weight, own=asked.extractor == ITSELF)


def _extractor(network: Network, asked: Asked) -> Network:
    found = network if asked.extractor == ITSELF else as_run(open_preset(asked.extractor))
    if len(found.graph.inputs) != 1 or found.graph.inputs[0].kind != "picture":
        raise StudioError(f'"{found.name}" is fed something else than one picture: choose another extractor.')
    return found


def _layers(extractor: Network, asked: Asked) -> tuple[str, ...]:
    """The layers that are looked at: those that patterns choose, or the usual ones."""
    names = [node.name for node in extractor.graph.nodes]
    for pattern in asked.layers:
        if not any(fnmatch.fnmatchcase(name, pattern) for name in names):
            raise StudioError(f'"{pattern}" fits no layer of "{extractor.name}"; there are {choices(names, pattern)}.')
    if not asked.layers:
        return looking_layers(extractor)
    return tuple(name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in asked.layers))
