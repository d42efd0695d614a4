"""Maps for which a GPU has no memory: one sentence, and the engine goes on at a smaller size."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import layer, network, normal, on_torch, tiny_network

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.compute import ComputePasses
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.errors import MemoryLackError, StudioError
from studio.model.networks.network import Network


def enlarging() -> Network:
    """64 times the size: a picture of 200×200 needs a map of 2.6 GB, which no software rasteriser gives."""
    return network(layer("grey", "Sigmoid", "input"), layer("huge", "Upsample", "grey", scale_factor=64))


def test_maps_too_large_for_the_memory_are_refused_and_the_old_size_still_runs(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device
) -> None:
    if not device.is_software or device.max_texture < 12800:
        pytest.skip("how much memory there is, is known of Mesa's software rasteriser alone")
    small = {"input": normal(3, 4, 5)}
    oracle = on_torch(enlarging())
    oracle.run(small)
    engine = gl_class(enlarging(), device)
    engine.run(small)
    for _ in range(2):
        with pytest.raises(
            MemoryLackError, match=r"^The maps of a picture of this size take 2501 MB, more than .* has; work"
        ):
            engine.run({"input": normal(3, 200, 200)})
        with pytest.raises(StudioError, match="no activation before the first run"):
            engine.output()
        assert engine.update() == ()
        engine.bypass({"grey"} - engine.bypassed)
        engine.bypass(())
        engine.run(small)
        np.testing.assert_allclose(engine.output(), oracle.output(), rtol=1e-6)
    engine.close()


def test_maps_larger_than_any_texture_leave_what_was_there(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "max_texture", 1024)
    engine = gl_class(enlarging(), device)
    engine.bypass({"grey"})
    engine.run({"input": normal(3, 4, 5)})
    before = engine.output()
    with pytest.raises(StudioError, match=r'^Layer "huge": '):
        engine.run({"input": normal(3, 20, 20)})

    np.testing.assert_array_equal(engine.output(), before)
    engine.bypass(())
    assert engine.update() == ("grey", "huge")
    engine.run({"input": normal(3, 4, 5)})
    assert engine.shape("huge") == (3, 256, 320)
    engine.close()


def test_weights_without_memory_are_refused(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "is_out_of_memory", True)
    with pytest.raises(StudioError, match=r"^The weights of this network need more memory than .* the engine torch\.$"):
        gl_class(enlarging(), device)


def test_an_input_whose_program_a_driver_refuses_once_is_fed_the_next_time(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, oracle = GLEngine(tiny_network(), device), on_torch(tiny_network())
    picture = {"input": normal(3, 8, 8)}
    oracle.run(picture)
    made = ComputePasses.feed
    with monkeypatch.context() as refusing:

        def refuse(*_: object) -> None:
            raise StudioError("The driver cannot compile it")

        refusing.setattr(ComputePasses, "feed", refuse)
        for _ in range(2):
            with pytest.raises(StudioError, match="cannot compile it"):
                engine.run(picture)
    assert ComputePasses.feed is made
    engine.run(picture)
    np.testing.assert_allclose(engine.output(), oracle.output(), rtol=1e-5, atol=1e-6)
    engine.close()
