"""Maps and numbers of many channels that lie in one row of a texture: as many as would be wider than any texture."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import EngineFor, layer, network, normal

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.memory.tensors import DeviceTensors
from studio.errors import StudioError
from studio.model.networks.inputs import Input


@pytest.mark.parametrize("shape", [(3, 5, 7), (257, 1, 260), (768, 1, 768), (700, 3, 100), (6, 90, 120)])
@pytest.mark.parametrize("repeat", [False, True])
def test_a_given_map_of_any_shape_is_that_map(shape: tuple[int, int, int], repeat: bool, engine_for: EngineFor) -> None:
    channels, height, width = shape
    made = network(layer("map", "GivenMap", "input", channels=channels, height=height, width=width, repeat=repeat))
    engine, picture = engine_for(made), normal(3, height + 2, width + 3)
    engine.run({"input": picture})
    held = made.tensors["map.map"][:, 0]
    if repeat:
        held = np.tile(held, (1, 3, 2))[:, : height + 2, : width + 3]
    np.testing.assert_array_equal(engine.output(), held)


def test_the_device_packs_such_a_map_as_numpy_does(gl_class: type[GLEngine | GLFragmentEngine], device: Device) -> None:
    node = layer("map", "GivenMap", "input", channels=257, height=3, width=130)
    one, other = (network(node, seed=seed) for seed in (1, 2))
    engine, learnt = gl_class(one, device), other.tensors["map.map"]
    tensors = DeviceTensors(device, engine._store)
    tensors.of("map.map").write(learnt)
    tensors.moved(["map.map"])
    engine.run({"input": normal(3, 4, 4)})
    np.testing.assert_array_equal(engine.output(), learnt[:, 0])
    engine.close()


def test_more_numbers_than_a_texture_takes_are_refused(
    gl_class: type[GLEngine | GLFragmentEngine], device: Device
) -> None:
    many = 4 * device.max_texture + 4
    if many > 2**17 + 4:
        pytest.skip("this GPU's textures are larger than any network's vector")
    made = network(
        layer("wide", "Linear", "input", in_features=2, out_features=many), inputs=[Input("input", 2, kind="vector")]
    )
    with pytest.raises(StudioError, match=r'Layer "wide": .* largest texture.* use the engine torch'):
        gl_class(made, device)
