"""What a CPU does in loops of its own, medians by networks, ranks by whole numbers: against what is plain."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from bend_cases import bends
from helpers import relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from studio import draws
from studio.bends import registry
from studio.bends._median import by_lanes, by_torch, median
from studio.bends._median_network import TOGETHER, glsl, network
from studio.bends._spectral import low_pass
from studio.bends.posterise import by_pixels
from studio.lanes import works
from studio.model.bends.bend import Given
from studio.model.declared.tick import Tick
from studio.ops._staged import _mixed, _mixed_on_cpu
from studio.paths import SHADERS


def plain_median(x: torch.Tensor, radius: int) -> torch.Tensor:
    side, size = 2 * radius + 1, x.shape
    planes = F.pad(x, (radius,) * 4, mode="replicate").reshape(-1, 1, size[2] + 2 * radius, size[3] + 2 * radius)
    return F.unfold(planes, side).reshape(-1, side * side, size[2], size[3]).median(1).values.reshape(size)


@given(
    radius=st.integers(1, 3),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12)),
    levels=st.sampled_from([2, 5, 1000]),
    seed=st.integers(0, 99),
)
def test_medians_are_those_of_all_pixels(radius: int, shape: tuple[int, int, int, int], levels: int, seed: int) -> None:
    made = torch.Generator().manual_seed(seed)
    x = torch.randint(-levels, levels, shape, generator=made).float() / 7
    for form in (x, x.to(memory_format=torch.channels_last)):
        wanted = plain_median(x, radius)
        assert torch.equal(median(form, radius), wanted)
        assert torch.equal(by_lanes(form, radius), wanted)
        assert torch.equal(by_torch(form, radius), wanted)


@pytest.mark.parametrize(("radius", "most"), [(1, 18), (2, 59), (3, 128)])
def test_no_network_is_longer_than_it_was_and_all_of_it_is_used(radius: int, most: int) -> None:
    made = network(radius)
    assert len(made.nodes) <= most * TOGETHER
    read = {ref.node for node in made.nodes.values() for ref in (node.first, node.second)}
    assert made.nodes.keys() - read <= {middle.node for middle in made.middles}


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_the_shaders_hold_the_same_networks(radius: int) -> None:
    written = (SHADERS / "lib" / f"median_{radius}.glsl").read_text("utf-8")
    assert written == glsl(radius), "run python -m tools.make_median"


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(1, 6), st.integers(1, 6)),
    steps=st.integers(2, 9),
    seed=st.integers(0, 99),
)
def test_ranks_are_those_of_a_stable_sort(shape: tuple[int, int, int, int], steps: int, seed: int) -> None:
    x = torch.randint(-3, 3, shape, generator=torch.Generator().manual_seed(seed)).float()
    x[x == 0] *= -1  # both zeros are equal
    before = x.clone()
    rank = x.sort(dim=1, stable=True).indices.argsort(dim=1)
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    wanted = low + (high - low) * ((rank * steps // shape[1]).float() / (steps - 1))
    for form in (x, x.to(memory_format=torch.channels_last)):
        assert torch.equal(by_pixels(form, steps), wanted)
    assert torch.equal(x, before)


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 20), st.integers(1, 20)),
    cutoff=st.sampled_from([0.03, 0.2, 0.7, 4.0]),
    without=st.sampled_from([None, 0.1, 1.0]),
)
def test_filters_of_frequencies_by_matrices_are_those_by_transforms(
    shape: tuple[int, int, int, int], cutoff: float, without: float | None
) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    down, across = (torch.fft.fftfreq(size) * 2.0 for size in shape[2:])

    def kept(limit: float) -> torch.Tensor:
        return torch.exp(-0.5 * (down / limit) ** 2)[:, None] * torch.exp(-0.5 * (across / limit) ** 2)

    share = kept(cutoff) - (0.0 if without is None else kept(without))
    wanted = torch.fft.ifft2(torch.fft.fft2(x) * share).real
    for form in (x, x.to(memory_format=torch.channels_last)):
        torch.testing.assert_close(low_pass(form, cutoff, without), wanted, rtol=0.0, atol=2e-6)


@given(
    shape=st.tuples(st.just(1), st.integers(1, 9), st.integers(1, 70), st.integers(1, 70)),
    seed=st.integers(0, 2**32 - 1),
    frame=st.integers(0, 2**25),
)
def test_draws_are_the_same_by_words_and_by_long_numbers(
    shape: tuple[int, int, int, int], seed: int, frame: int
) -> None:
    x = torch.zeros(shape)
    bits = draws.places(x, seed, frame)
    assert torch.equal(draws.drawn(x, seed, frame, "uniform"), draws.uniform(bits))
    assert torch.equal(draws.drawn(x, seed, frame, "gaussian"), draws.gaussian(bits))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    for form in (x, x.to(memory_format=torch.channels_last)):
        for kind in ("uniform", "gaussian"):
            added = draws.around_zero(kind, bits) * 0.5
            assert torch.equal(draws.noisy(form, seed, frame, kind, 0.5), x + added)


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 9), st.integers(1, 70), st.integers(1, 70)),
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from([0.0, 1e-9, 0.1, 0.3, 0.7, 0.9999999, 1.0]),
)
def test_pixels_are_dropped_by_words_as_by_numbers(shape: tuple[int, int, int, int], seed: int, share: float) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    x[0, 0, 0, 0] = torch.nan
    before = x.clone()
    below = draws.uniform(draws.places(x, seed, 3)) < torch.tensor(share)
    for form in (x, x.to(memory_format=torch.channels_last)):
        found = draws.dropped(form, seed, 3, share)
        assert torch.equal(found.isnan(), before.isnan() & ~below)
        assert torch.equal(found.nan_to_num(), torch.where(below, 0.0, before).nan_to_num())
    assert torch.equal(x.nan_to_num(), before.nan_to_num())


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 9), st.integers(1, 12), st.integers(1, 12)),
    amount=st.sampled_from([0.0, 0.25, 1.0]),
    masked=st.booleans(),
    odd=st.sampled_from([(), ("x",), ("held",), ("x", "held")]),
    data=st.data(),
)
def test_a_cpu_mixes_as_everybody_does(
    shape: tuple[int, int, int, int], amount: float, masked: bool, odd: tuple[str, ...], data: st.DataObject
) -> None:
    """Of what is not finite nothing gets to where the other side has everything."""
    made = torch.Generator().manual_seed(1)
    x, held = torch.randn(shape, generator=made), torch.randn(shape, generator=made)
    for name, each in (("x", x), ("held", held)):
        if name in odd:
            each[..., ::2] = torch.nan
            each[..., 1::3] = torch.inf
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=shape[1], max_size=shape[1])))
    places = torch.rand(1, 1, *shape[2:], generator=made).mul(3).sub(1).clamp(0, 1) if masked else None
    share = torch.where(torch.from_numpy(chosen)[:, None, None], amount * (1.0 if places is None else places), 0.0)
    wanted = _mixed(x, held, share.expand(shape))
    for order in (torch.contiguous_format, torch.channels_last):
        found = _mixed_on_cpu(x.to(memory_format=order), held.to(memory_format=order), chosen, amount, places)
        torch.testing.assert_close(found, wanted, equal_nan=True, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(registry()))
@settings(max_examples=5)
@given(data=st.data(), size=st.sampled_from([(1, 1), (1, 7), (3, 5), (8, 1), (16, 33), (20, 140)]))
def test_a_map_is_bent_alike_however_it_lies_and_is_not_written_to(
    name: str, data: st.DataObject, size: tuple[int, int]
) -> None:
    """In planes, or with all channels of a pixel side by side; by PyTorch alone where LLVM is missing."""
    made, bend = torch.Generator().manual_seed(3), data.draw(bends(name))
    bend = bend.model_copy(update={"interpolation": "bilinear"}) if hasattr(bend, "interpolation") else bend
    memory, channels = bend.memory(), data.draw(st.sampled_from([1, 6, 70]))
    x, past = (torch.randn(1, channels, *size, generator=made) for _ in range(2))
    other, found = torch.randn(1, 4, 5, 3, generator=made), []
    for order in (torch.contiguous_format, torch.channels_last):
        for compiles in (True, False):
            lying = [each.to(memory_format=order) for each in (x, past, other)]
            given_maps = Given(Tick(3, Fraction(1, 5)), lying[1:2] * len(memory.delays) if memory else (), lying[2])
            with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
                if not compiles:
                    patch.setattr("studio.lanes.machine.machine", lambda: None)
                assert works() is compiles
                found.append(bend.torch(lying[0], given_maps))
            assert all(torch.equal(lay, was) for lay, was in zip(lying, (x, past, other), strict=True))
    for each in found[1:]:
        assert relative_error(found[0].numpy(), each.numpy()) <= 1e-5


def test_gaussian_draws_have_mean_0_and_deviation_1() -> None:
    found = draws.drawn(torch.zeros(1, 16, 64, 64), 3, 5, "gaussian").numpy()
    assert abs(float(found.mean())) < 0.01
    assert float(np.std(found)) == pytest.approx(1.0, abs=0.01)
