"""``studio bench``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Studio = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("profile", [(), ("--profile",)], ids=["frames", "profile"])
def test_bench_measures_frames_and_with_a_profile_every_layer(
    studio: Studio, made: Path, profile: tuple[str, ...]
) -> None:
    found = studio("bench", made / "tiny", "--size", "31x20", "--engine", "torch", "--json", *profile)
    assert found.returncode == 0, found.stderr
    facts = json.loads(found.stdout)

    assert (facts["engine"], facts["size"]) == ("torch", [32, 20])
    assert 0 < facts["fastest"] <= facts["milliseconds"] <= facts["slowest"]
    assert facts["frames_per_second"] == pytest.approx(1000 / facts["milliseconds"])
    layers = facts.get("layers", [])
    assert [layer["name"] for layer in layers] == (["enc", "act", "dec", "out"] if profile else [])
    assert sum(layer["share"] for layer in layers) == pytest.approx(1 if profile else 0)


def test_bench_prints_a_table_of_layers(studio: Studio, made: Path) -> None:
    found = studio("bench", made / "tiny", "--size", "32", "--engine", "torch", "--profile")
    assert found.returncode == 0, found.stderr
    assert "frames a second" in found.stdout
    assert "GMAC/s" in found.stdout
    assert all(name in found.stdout for name in ("enc", "act", "dec", "out"))


def test_bench_compares_the_engines_and_says_what_auto_takes(studio: Studio, made: Path) -> None:
    found = studio("bench", made / "tiny", "--size", "31x20", "--json")
    assert found.returncode == 0, found.stderr
    facts = json.loads(found.stdout)
    engines = {each["engine"]: each for each in facts["engines"]}

    assert engines.keys() >= {"gl", "gl-half", "gl-fragment", "torch"}
    assert facts["auto"]["engine"] in engines
    assert facts["auto"]["reason"]
    for name, each in engines.items():
        assert "problem" in each or each["relative_error"] <= (1e-2 if "half" in name else 1e-5), name
        assert "problem" in each or each["milliseconds"] > 0

    shown = studio("bench", made / "tiny", "--size", "16")
    assert f"auto takes {facts['auto']['engine']}, because" in shown.stdout
    refused = studio("bench", made / "tiny", "--profile")
    assert refused.returncode == 2
    assert "--engine" in refused.stderr
