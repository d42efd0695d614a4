"""Small pictures of other presets beside the one that runs: live, once, and where one of them fails."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from helpers import tiny_network

from studio.edits import make_edit
from studio.errors import StudioError
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.runtime.editing.varying import Chance, Gene, Variant
from studio.runtime.live.playing import Newest
from studio.runtime.live.proofs import Proofs
from studio.runtime.live.variants import COUNT, Drawn, Variants

NET = tiny_network()


def preset(shift: float = 0.0) -> Preset:
    return Preset("p", NET, {"dec.bias": NET.tensors["dec.bias"] + np.float32(shift)})


class Room:
    """A source of pictures and the proofs; results are taken as they come, in the proofs' thread."""

    def __init__(self) -> None:
        self.number = 0
        self.still = False
        self.lock = threading.Lock()
        self.seen: list[tuple[Hashable, Picture]] = []
        self.proofs = Proofs(self.newest, lambda call: call())

    def newest(self) -> Newest:
        self.number += 0 if self.still else 1
        level = self.number * 7 % 200 + 20
        return Newest(self.number, np.full((48, 64, 3), level, np.uint8), "demo", self.number / 25)

    def take(self, key: Hashable, picture: Picture) -> None:
        with self.lock:
            self.seen.append((key, picture))

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end, f"waited in vain; {Counter(key for key, _ in self.seen)}"
            time.sleep(0.01)


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.proofs.close()


def test_a_group_is_shown_again_and_again_each_as_often(room: Room) -> None:
    room.proofs.show("g", {key: partial(preset, key / 10) for key in range(4)}, room.take)
    room.until(lambda: len(room.seen) >= 24)
    counts = Counter(key for key, _ in room.seen)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert {picture.shape for _, picture in room.seen} == {(84, 112, 3)}


def test_showing_nothing_starts_no_thread(room: Room) -> None:
    """It would import PyTorch while the window is put together, whose deck says so that nothing is hovered."""
    room.proofs.show("g", {})
    assert room.proofs._thread is None
    room.proofs.show("g", {0: preset}, room.take)
    room.until(lambda: room.seen)


def test_once_each_and_then_nothing(room: Room) -> None:
    room.proofs.show("g", dict.fromkeys(range(3), preset), room.take, lasts=False)
    room.until(lambda: len(room.seen) == 3)
    time.sleep(0.2)
    assert sorted(key for key, _ in room.seen) == [0, 1, 2]


def test_a_still_picture_of_what_does_not_move_is_not_made_anew(room: Room) -> None:
    room.still = True
    room.proofs.show("g", {"a": preset}, room.take)
    room.until(lambda: room.seen)
    time.sleep(0.3)
    assert len(room.seen) == 1


def test_one_of_many_groups_need_not_wait_for_all_the_others(room: Room) -> None:
    room.proofs.show("many", dict.fromkeys(range(40), preset), room.take)
    room.proofs.show("one", {"here": preset}, room.take)
    before = len(room.seen)
    room.until(lambda: sum(key == "here" for key, _ in room.seen) >= 7)
    # Of the others those alone that came in between, however long this thread was away before and after.
    seen = [key for key, _ in room.seen[before:]]
    here = [place for place, key in enumerate(seen) if key == "here"][:6]
    assert here[-1] + 1 - len(here) < 12


def test_what_fails_is_told_of_once_and_the_others_go_on(room: Room) -> None:
    def broken() -> Preset:
        raise StudioError("This one is damaged.")

    told: list[tuple[Hashable, str]] = []
    room.proofs.show("g", {"good": preset, "bad": broken}, room.take, lambda k, e: told.append((k, str(e))))
    room.until(lambda: len(room.seen) >= 5)
    assert told == [("bad", "This one is damaged.")]
    assert {key for key, _ in room.seen} == {"good"}


def test_eight_variants_can_be_told_from_what_they_are_of(room: Room) -> None:
    room.still = True
    base, drawn = preset(), list[Drawn]()
    variants = Variants(room.proofs, lambda call: call())
    variants.draw(base, Variant(), Chance(0.9), {}, drawn.append, lambda error: pytest.fail(str(error)), seed=4)
    room.until(lambda: len(drawn) == COUNT)
    assert [each.place for each in drawn] == list(range(COUNT))
    room.proofs.show("plain", {"plain": lambda: base}, room.take)
    room.until(lambda: room.seen)
    plain = room.seen[0][1].astype(float)
    far = [np.sqrt(np.mean((each.picture - plain) ** 2)) for each in drawn]
    assert sorted(far)[2] > 1.0
    assert len({each.variant.label for each in drawn}) > 3
    again = list[Drawn]()
    variants.draw(base, Variant(), Chance(0.9), {}, again.append, lambda error: pytest.fail(str(error)), seed=4)
    room.until(lambda: len(again) == COUNT)
    assert [each.variant.label for each in again] == [each.variant.label for each in drawn]


def test_what_has_its_parents_weights_or_those_of_the_beginning_is_drawn_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen, the one would be no item of a history, and the other a way back that the history has."""
    negate = Gene("enc", (1,), make_edit("Negate", {}), 1.0)
    parent, other = Variant((negate,)), Variant((replace(negate, channels=(2,)),))
    # As it was; as the parent is; the parent's edit once more, which takes it back; and one that is neither.
    offered = itertools.cycle([Variant(), Variant((negate,)), Variant((negate, negate)), other])
    monkeypatch.setattr("studio.runtime.live.variants.bred", lambda *_: next(offered))
    drawn = list[Drawn]()
    Variants(room.proofs, lambda call: call()).draw(
        preset(), parent, Chance(), {}, drawn.append, lambda error: pytest.fail(str(error))
    )
    room.until(lambda: len(drawn) == COUNT)
    assert {id(each.variant) for each in drawn} == {id(other)}


def test_variants_that_nobody_waits_for_any_more_are_not_told(room: Room) -> None:
    variants, drawn = Variants(room.proofs, lambda call: call()), list[Drawn]()
    goes_on, done = threading.Event(), threading.Event()
    # The proofs' thread is at something else until they have been given up.
    room.proofs.ask(lambda _: goes_on.wait(60))
    variants.draw(preset(), Variant(), Chance(), {}, drawn.append, lambda _: None)
    variants.stop()
    goes_on.set()
    # Behind what was to be drawn: first it is begun, then the first of them is come to.
    room.proofs.ask(lambda _: room.proofs.ask(lambda _: room.proofs.ask(lambda _: done.set())))
    assert done.wait(60)
    assert not drawn


def test_where_nothing_can_be_drawn_the_reason_comes(room: Room) -> None:
    said: list[str] = []
    Variants(room.proofs, lambda call: call()).draw(
        replace(preset()), Variant(), Chance(layers=("act",)), {}, lambda _: None, lambda error: said.append(str(error))
    )
    room.until(lambda: said)
    assert "no filters to vary" in said[0]


def test_what_waits_for_a_first_picture_takes_no_processor_and_is_done_when_it_comes() -> None:
    pictures: list[Newest | None] = []
    asked = itertools.count()

    def newest() -> Newest | None:
        next(asked)
        return pictures[-1] if pictures else None

    proofs = Proofs(newest, lambda call: call())
    done = threading.Event()
    proofs.ask(lambda _: done.set())
    assert not done.wait(0.5)
    # It looks ten times a second; without a rest it would be hundreds of thousands.
    assert next(asked) < 100
    pictures.append(Newest(1, np.zeros((8, 8, 3), np.uint8), "demo", 0.0))
    assert done.wait(60)
    proofs.close()
