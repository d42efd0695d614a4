"""The names of the losses and the numbers of a lesson, as the window asks for them: what learns is not imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from studio.model.declared.form import fields
from studio.model.declared.param import Declared, param, seed
from studio.model.movement.address import Number, joined, number_of

LARGEST_WEIGHT = 1e6
"""Of a loss."""

LOSS_WORDS = {
    "l1": "Absolute difference",
    "l2": "Squared difference",
    "charbonnier": "Charbonnier",
    "edges": "Edges",
    "ssim": "Structure (SSIM)",
    "tv": "Roughness",
    "features": "Features",
    "style": "Style of a picture",
    "adversarial": "A critic's opinion",
}
"""What every loss is called in plain words, by its name."""

LOSS_NAMES = tuple(LOSS_WORDS)

OF_STATES = ("unrolled", "pool")
"""Those that count for networks with a state alone."""


class LessonNumbers(Declared):
    """The numbers of a lesson."""

    size: int = param(64, lo=8, hi=1024, unit="px", doc="Side of the crops that it learns from")
    batch: int = param(8, lo=1, hi=256, doc="Crops a step")
    optimiser: Literal["adam", "adamw", "sgd", "adadelta"] = param("adam", doc="How gradients move weights")
    rate: float = param(0.001, lo=0.0, hi=1.0, doc="How far a step goes")
    warmup: int = param(0, lo=0, hi=10000, doc="Steps over which the rate rises from nothing", label="Warm-up")
    cosine: int = param(
        0,
        lo=0,
        hi=10_000_000,
        safe=(0, 10_000),
        doc="Steps until the rate has fallen to nothing along a cosine; 0 for a constant rate",
    )
    momentum: float = param(
        0.9,
        lo=0.0,
        hi=0.9999,
        doc="How much of earlier steps is carried on: SGD's momentum, Adam's beta1, Adadelta's rho",
    )
    decay: float = param(
        0.0, lo=0.0, hi=1.0, doc="How strongly weights are drawn to zero; at 0 AdamW goes by its usual 0.01"
    )
    clip: float = param(0.0, lo=0.0, hi=1000.0, doc="Largest norm of all gradients together; 0 for no limit")
    zoom: float = param(
        1.0, lo=1.0, hi=64.0, doc="How many crops fit along a picture's shorter side: more shows details"
    )
    flips: bool = param(True, doc="Whether crops are mirrored at random")
    statistics: bool = param(True, doc="Whether batch norms learn their statistics", label="Norms learn")
    bends: bool = param(
        False,
        doc="Whether bends of activations work while it learns, so that it learns through them",
        label="Bends work",
    )
    unrolled: int = param(
        48, lo=1, hi=1024, doc="Steps of its own before it is compared, and up to half as many more", label="Own steps"
    )
    pool: int = param(64, lo=1, hi=4096, doc="States that go on from step to step", label="States")
    seed: int = seed("What crops and damages follow from")


def setting_numbers() -> Iterator[tuple[str, Number]]:
    """The settings, by their names: ``/lesson/rate``."""
    for field in fields(LessonNumbers):
        yield field.name, number_of(joined("lesson", field.name), field, f"Lesson {field.label.lower()}")


def loss_numbers() -> Iterator[tuple[str, Number]]:
    """How much each loss counts, by its name: ``/lesson/weight/l1``."""
    for name, words in LOSS_WORDS.items():
        about = f"How much {words.lower()} counts; 0 leaves it out"
        address = joined("lesson", "weight", name)
        yield name, Number(address, f"Lesson {name}", "number", 0.0, 0.0, LARGEST_WEIGHT, "", about, (0.0, 2.0))
