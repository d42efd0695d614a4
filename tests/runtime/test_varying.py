"""Filters bent by chance: what is drawn, what it touches, and that variants of variants keep what they are of."""

from __future__ import annotations

import random

import numpy as np
import pytest
from helpers import layer, network
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.movement.chance import by_weight
from studio.model.networks.shape import Array
from studio.runtime.editing.varying import Chance, Variant, bred, drawn, filters_of, kinds, patches_of

NET = network(
    layer("enc", "Conv2d", "input", in_channels=3, out_channels=12, kernel_size=4, stride=2, padding=1),
    layer("act", "ReLU", "enc"),
    layer("dec", "ConvTranspose2d", "act", in_channels=12, out_channels=3, kernel_size=4, stride=2, padding=1),
    seed=3,
    name="small",
)
CHANNELS = {"enc": 12, "dec": 3}


def base(name: str) -> Array:
    return NET.tensors[name]


def even(name: str) -> Array:
    return np.ones(CHANNELS[name], np.float32)


@given(seed=st.integers(0, 10_000), strength=st.floats(0.05, 1.0), kind=st.sampled_from([k.__name__ for k in kinds()]))
def test_a_gene_changes_the_filters_that_it_names_and_no_others(seed: int, strength: float, kind: str) -> None:
    variant = drawn(NET.graph, base, even, Chance(strength, kind), random.Random(seed))
    (gene,) = variant.genes
    assert type(gene.edit).__name__ == kind
    after = variant.tensors(NET.graph, base)
    assert set(after) == {f"{gene.layer}.weight"}
    changed = (after[f"{gene.layer}.weight"] != base(f"{gene.layer}.weight")).any(axis=(2, 3))
    assert not (changed & ~filters_of(NET.graph, gene.layer, gene.channels)).any()
    assert np.isfinite(after[f"{gene.layer}.weight"]).all()
    for name, patch in patches_of(after, base).items():
        np.testing.assert_array_equal(patch.applied(base(name)), after[name])


def test_the_same_seed_draws_the_same_and_the_network_stays_as_it_was() -> None:
    before = {name: tensor.copy() for name, tensor in NET.tensors.items()}
    lines = []
    for _ in range(2):
        chance, variant, line = random.Random(7), Variant(), []
        for _ in range(12):
            variant = bred(variant, NET.graph, base, even, Chance(0.6), chance)
            line.append(variant.label)
        lines.append((line, variant.tensors(NET.graph, base)))
    assert lines[0][0] == lines[1][0]
    for name, tensor in lines[0][1].items():
        np.testing.assert_array_equal(tensor, lines[1][1][name])
    for name, tensor in before.items():
        np.testing.assert_array_equal(tensor, NET.tensors[name])


def test_children_keep_most_of_their_parent() -> None:
    chance = random.Random(2)
    parent = Variant()
    while len(parent.genes) < 3:
        parent = bred(parent, NET.graph, base, even, Chance(0.5), chance)
    for _ in range(40):
        child = bred(parent, NET.graph, base, even, Chance(0.5), chance)
        kept = sum(gene in child.genes for gene in parent.genes)
        assert kept >= len(parent.genes) - 1
        assert child.genes != parent.genes


def test_strength_says_how_many_and_how_far() -> None:
    weak = [drawn(NET.graph, base, even, Chance(0.1, layers=("enc",)), random.Random(k)).genes[0] for k in range(10)]
    strong = [drawn(NET.graph, base, even, Chance(1.0, layers=("enc",)), random.Random(k)).genes[0] for k in range(10)]
    assert {len(gene.channels) for gene in weak} == {1}
    assert {len(gene.channels) for gene in strong} == {6}
    assert max(gene.amount for gene in weak) < min(gene.amount for gene in strong) == 1.0


def test_what_matters_is_drawn_most_often() -> None:
    weights = np.array([0.0, 1.0, 1.0, 8.0], np.float32)
    counts = np.zeros(4)
    for seed in range(400):
        counts[list(by_weight(weights, 1, random.Random(seed)))] += 1
    assert counts[0] == 0
    assert counts[3] > 2.5 * counts[1:3].sum()
    assert by_weight(np.array([1.0, np.inf, np.nan], np.float32), 3, random.Random(0)) == (0, 1, 2)


def test_a_network_without_filters_says_so() -> None:
    bare = network(layer("act", "ReLU", "input"), name="bare")
    with pytest.raises(StudioError, match="no filters to vary"):
        drawn(bare.graph, base, even, Chance(), random.Random(0))
