"""Variants of what is open, drawn by chance and tried before anybody sees them."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from studio.errors import StudioError
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.runtime.editing.varying import Chance, Variant, bred, patches_of
from studio.runtime.live.playing import Newest
from studio.runtime.live.proofs import Bench, Make, Proofs
from studio.runtime.services.failures import as_told
from studio.runtime.services.worker import Post

COUNT = 8
"""Variants that there are to choose from."""

_GROUP = "variants"
_SEEN = 2.0
"""Of 255: a variant whose picture differs by less, as a root mean square, is drawn again."""

_DRAWS = 4
_TRIES = 20
_MEASURING = 1.5
"""Seconds in which the channels of a layer are measured; those that there was no time for count as the strongest."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A variant, and what it makes of the picture.

    Attributes:
        place: which of the eight it is.
        variant: what it does to its base.
        picture: (h, w, 3) uint8 RGB.
    """

    place: int
    variant: Variant
    picture: Picture


class Variants:
    """Draws variants in the proofs' thread; belongs to the window's.

    Args:
        proofs: shows them.
        post: carries results to the window's thread.
    """

    def __init__(self, proofs: Proofs, post: Post) -> None:
        self._proofs = proofs
        self._post = post
        self._number = 0
        self._measured: dict[str, Array] = {}
        self._of: object = None

    def draw(
        self,
        base: Preset,
        parent: Variant,
        how: Chance,
        known: Mapping[str, Array],
        then: Callable[[Drawn], None],
        failed: Callable[[StudioError], None],
        seed: int | None = None,
    ) -> None:
        """Draw eight variants; of draws that a later call supersedes nothing more is told.

        Args:
            base: what variants change; its tensors are not to be changed any more.
            parent: a variant of it, of which those drawn are variants in their turn.
            how: how they are drawn.
            known: what is known of how much the channels of layers matter; the rest is measured.
            then: takes each in the window's thread.
            failed: takes the reason where none can be drawn.
            seed: what they are drawn by; None for others each time.
        """
        self.stop()
        number = self._number

        def tell(drawn: Drawn) -> None:
            if number == self._number:
                then(drawn)

        def fail(error: StudioError) -> None:
            if number == self._number:
                failed(error)

        chance = random.Random(seed)
        work = _Work(base, parent, how, {**self._known_of(base), **known}, self._measured, chance)

        def job(newest: Newest) -> None:
            try:
                work.begin(newest)
            except BaseException as error:  # noqa: BLE001 - told to who asked
                self._post(partial(fail, as_told(error, "Drawing variants")))
                return
            self._proofs.ask(partial(one, 0))

        def one(place: int, newest: Newest) -> None:
            """One at a time, so that what else is shown has its turn."""
            if number != self._number or place == COUNT:
                work.close()
                return
            try:
                self._post(partial(tell, work.draw(place, newest)))
            except BaseException as error:  # noqa: BLE001 - told to who asked
                work.close()
                self._post(partial(fail, as_told(error, "Drawing variants")))
                return
            self._proofs.ask(partial(one, place + 1))

        self._proofs.ask(job)

    def show(self, base: Preset, variants: Mapping[int, Variant], then: Callable[[int, Picture], None]) -> None:
        """Show variants live: what each makes of the running picture, again and again."""

        def make(variant: Variant) -> Preset:
            return of(base, variant)

        wanted: dict[Hashable, Make] = {place: partial(make, variant) for place, variant in variants.items()}
        self._proofs.show(_GROUP, wanted, lambda key, picture: then(int(str(key)), picture))

    def stop(self) -> None:
        """Draw and show nothing more."""
        self._number += 1
        self._proofs.show(_GROUP, {})

    def _known_of(self, base: Preset) -> dict[str, Array]:
        """What was measured of this network before."""
        if self._of is not base.network:
            self._of, self._measured = base.network, {}
        return dict(self._measured)


def of(base: Preset, variant: Variant) -> Preset:
    """A preset with a variant's tensors."""
    return replace(base, changed={**base.changed, **variant.tensors(base.network.graph, partial(tensor_of, base))})


def tensor_of(base: Preset, name: str) -> Array:
    """A tensor as a preset has it."""
    return base.changed[name] if name in base.changed else base.network.tensors[name]


class _Work:
    """The drawing of eight variants; belongs to the proofs' thread."""

    def __init__(
        self,
        base: Preset,
        parent: Variant,
        how: Chance,
        known: dict[str, Array],
        measured: dict[str, Array],
        chance: random.Random,
    ) -> None:
        self._base, self._parent, self._how = base, parent, how
        self._known, self._measured, self._chance = known, measured, chance
        self._bench: Bench | None = None
        self._plain: Picture | None = None
        self._parents: dict[str, Array] = {}

    def begin(self, newest: Newest) -> None:
        self._parents = self._parent.tensors(self._base.network.graph, partial(tensor_of, self._base))
        self._bench = Bench(of(self._base, self._parent))
        self._plain = self._bench.picture(newest, 0.0)

    def draw(self, place: int, newest: Newest) -> Drawn:
        """One that can be told from its parent, if chance gives such a one soon."""
        assert self._plain is not None, "it has begun"
        best: Drawn | None = None
        furthest = -1.0
        for _ in range(_DRAWS):
            variant = self._another()
            bench = Bench(of(self._base, variant))
            try:
                picture = bench.picture(newest, 0.0)
            finally:
                bench.close()
            far = _difference(picture, self._plain)
            if best is None or far > furthest:
                best, furthest = Drawn(place, variant, picture), far
            if far >= _SEEN:
                break
        assert best is not None, "something was drawn"
        return best

    def _another(self) -> Variant:
        """One whose weights are neither its parent's nor those that all began with, if chance gives such a one soon."""
        graph, trained = self._base.network.graph, partial(tensor_of, self._base)
        for _ in range(_TRIES):
            variant = bred(self._parent, graph, trained, self._effects, self._how, self._chance)
            own = variant.tensors(graph, trained)
            beside = {**{name: trained(name) for name in self._parents}, **own}
            if patches_of(own, trained) and patches_of(beside, lambda name: self._parents.get(name, trained(name))):
                break
        return variant

    def _effects(self, layer: str) -> Array:
        if layer not in self._known:
            assert self._bench is not None, "it has begun"
            self._known[layer] = self._measured[layer] = self._bench.impact(layer, _MEASURING)
        return self._known[layer]

    def close(self) -> None:
        if self._bench is not None:
            self._bench.close()
            self._bench = None


def _difference(a: Picture, b: Picture) -> float:
    if a.shape != b.shape:
        return float("inf")
    return float(np.sqrt(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2)))
