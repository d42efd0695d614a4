"""Parts of reports: a listener hears those of the type that it asked for, and only when they have changed."""

from __future__ import annotations

from dataclasses import dataclass

from helpers import tiny_network

from studio.runtime.live.report import LayerPart, Part, Report
from studio.runtime.live.telemetry import Telemetry


@dataclass(frozen=True)
class Level(Part):
    """A part of somebody else's, whose values add up."""

    value: int = 0

    def merge(self, earlier: Level) -> Level:
        return Level(self.value + earlier.value)


@dataclass(frozen=True)
class Newest(Part):
    word: str = "nothing yet"


@dataclass(frozen=True)
class OfLayers(LayerPart):
    names: tuple[str, ...] = ()


def report(*parts: Part) -> Report:
    return Report(parts)


def test_a_part_is_told_to_those_who_asked_for_its_type_when_it_has_changed() -> None:
    telemetry, levels, words = Telemetry(), list[Level](), list[Newest]()
    assert telemetry[Newest].word == "nothing yet"
    telemetry.on(Level, levels.append)
    telemetry.on(Newest, words.append)
    telemetry.take(report(Newest("one")))
    telemetry.take(report(Newest("one"), Level(3)))
    telemetry.take(report(Newest("two")))
    assert words == [Newest("one"), Newest("two")]
    assert levels == [Level(3)]
    telemetry.off(Newest, words.append)
    telemetry.take(report(Newest("three")))
    assert len(words) == 2
    assert telemetry[Newest].word == "three"


def test_a_part_is_merged_by_its_own_rule_and_all_are_known_before_any_is_told() -> None:
    telemetry, seen = Telemetry(), list[tuple[int, str]]()
    telemetry.on(Level, lambda part: seen.append((part.value, telemetry[Newest].word)))
    telemetry.take(report(Level(3), Newest("one")))
    telemetry.take(report(Level(4), Newest("two")))
    assert seen == [(3, "one"), (4, "two")]
    assert telemetry[Level] == Level(7)


def test_what_is_told_of_layers_of_another_network_is_not_heard() -> None:
    telemetry, heard = Telemetry(), list[OfLayers]()
    now, before = tiny_network().graph, tiny_network().graph
    telemetry.on(OfLayers, heard.append)
    telemetry.take(report(OfLayers(before, ("enc",)), Newest("one")))
    telemetry.follow(now)
    assert telemetry[OfLayers].names == ()
    assert telemetry[Newest].word == "one"
    telemetry.take(report(OfLayers(before, ("act",))))
    telemetry.take(report(OfLayers(now, ("dec",))))
    assert [part.names for part in heard] == [("enc",), ("dec",)]
