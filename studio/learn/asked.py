"""The settings of a lesson, each field as its option of ``studio train`` gives it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from studio.errors import StudioError, choices
from studio.model.declared.explain import explain

EXTRACTOR = "autoencoder-transposed"
ITSELF = "self"

_Side = Annotated[int, Field(ge=1, le=4096)]
_Crops = Annotated[int, Field(ge=1, le=4096)]
_Count = Annotated[int, Field(ge=0, le=100_000_000)]


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        source: what is shown.
        wanted: "same", "damage:...", "effect:...", "as:NAME", or a film or folder that belongs to the source.
        losses: weights by name, "l1=1,edges=0.2".
        size: side of the crops.
        zoom: how many times larger than a crop the shorter side of a picture is, 1 to 64.
        batch: crops a step.
        at_once: crops whose gradients are taken together; 0 for all.
        optimiser: by name.
        optimiser_numbers: its parameters by name.
        rate: None takes the optimiser's usual one.
        momentum: SGD's momentum, Adam's beta1, Adadelta's rho; None takes the usual one.
        warmup: steps over which the rate rises.
        cosine: whether it falls to nothing over ``steps``.
        steps: how many there will be, for the cosine.
        clip: of the norm of the gradients; infinity for never.
        learns: patterns of layers or tensors.
        frozen: patterns of layers or tensors.
        statistics: whether batch norms learn theirs.
        flips: whether crops are mirrored.
        style: the picture whose style is wanted.
        extractor: the network or preset that features and style are seen through; "self" for the network that learns:
            style by its own maps as they become, features by it as it began.
        layers: patterns of the extractor's layers that are looked at; empty for its first activations.
        seed: of everything random.
        unrolled: steps of its own that a network with a state takes before it is compared, and up to half as many more.
        pool: states of such a network that go on from step to step.
        bends: whether the preset's bends of activations work while it learns, and it learns through them.
    """

    source: str = "demo"
    wanted: str = "same"
    losses: str = "l2=1"
    size: _Side = 128
    zoom: Annotated[float, Field(ge=1, le=64)] = 1.0
    batch: _Crops = 8
    at_once: Annotated[int, Field(ge=0, le=4096)] = 0
    optimiser: str = "adam"
    optimiser_numbers: Mapping[str, float] = field(default_factory=dict)
    rate: float | None = None
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    warmup: _Count = 0
    cosine: bool = False
    steps: Annotated[int, Field(ge=1, le=100_000_000)] = 1000
    clip: Annotated[float, Field(gt=0)] = math.inf
    learns: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    statistics: bool = True
    flips: bool = True
    style: str = ""
    extractor: str = EXTRACTOR
    layers: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    unrolled: Annotated[int, Field(ge=1, le=1024)] = 48
    pool: Annotated[int, Field(ge=1, le=4096)] = 64
    bends: bool = False


def by_name(source: str, given: Mapping[str, object]) -> Asked:
    """A lesson by the names of its fields.

    Args:
        source: what is shown.
        given: the other fields; what is left out is as usual.

    Raises:
        StudioError: for a field that there is not.
    """
    known = [field.name for field in fields(Asked) if field.name != "source"]
    for name in given:
        if name not in known:
            raise StudioError(f'A lesson has no "{name}"; it has {choices(known, name)}.')
    return Asked(source, **given)  # type: ignore[arg-type]


_OF_FORMS = frozenset({"weight_decay", "momentum", "beta1", "rho"})
"""Numbers of optimisers that forms ask for, by names that count for all of them."""


def as_turned(asked: Asked, before: Asked) -> Asked:
    """What a form asks for of a lesson that is open, with what no form asks for as that lesson has it."""
    kept = {name: value for name, value in before.optimiser_numbers.items() if name not in _OF_FORMS}
    numbers = {**(kept if asked.optimiser == before.optimiser else {}), **asked.optimiser_numbers}
    return replace(asked, at_once=before.at_once, optimiser_numbers=numbers)


def required(asked: Asked) -> Asked:
    """The same, with every field of its kind and in its range.

    Raises:
        StudioError: naming the first that is not.
    """
    try:
        return TypeAdapter(Asked).validate_python(asdict(asked))
    except ValidationError as error:
        raise StudioError(f"The lesson: {explain(error)}.") from error
