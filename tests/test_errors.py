"""Sentences for the person at the keyboard: how many names of a large network they list."""

from __future__ import annotations

from studio.errors import choices


def test_a_few_names_are_all_listed() -> None:
    assert choices(f"layer{k}" for k in range(12)) == ", ".join(f"layer{k}" for k in range(12))
    assert choices([]) == "none"


def test_of_many_names_those_most_like_what_was_asked_for_are_listed() -> None:
    known = [f"features.{k}.conv" for k in range(300)] + ["decoder.up", "decoder.down"]
    assert choices(known, "decoder.upp").startswith("decoder.up, decoder.down, ")
    assert choices(known, "decoder.upp").endswith(" and 296 more")
    assert len(choices(known, "").split(", ")) == 6
