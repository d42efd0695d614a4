"""What another network or preset makes of pictures, for networks that learn to make the same."""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.opening import open_preset
from studio.learn.lesson import Teacher
from studio.model.bends.stages import STAGES
from studio.model.declared.size import Size
from studio.model.movement.address import split
from studio.model.networks.picture import Picture, to_tensor
from studio.model.numbers import knobs


def teacher(name: str) -> Teacher:
    """What another network or preset makes, with all its bends, through PyTorch."""
    from studio.engine.torch.engine import TorchEngine

    taught = open_preset(name)
    graph = taught.bent.graph
    if any(i.kind != "picture" for i in graph.inputs):
        raise StudioError(f'"{name}" is fed vectors or a state, and so cannot be shown what the network is shown.')
    engine = TorchEngine(taught.bent)
    engine.bypass(taught.bypassed)
    engine.set_stages(taught.section(STAGES))
    # An engine has numbers of layers from its first run on.
    waiting = {each.number.address: each.get(taught) for each in knobs(taught)}

    def make(picture: Picture) -> Picture:
        height, width = graph.fitting_size(Size.of(picture))
        padded = np.pad(picture, ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)), "reflect")
        fed = {i.name: to_tensor(padded, i.channels, i.range, i.mean, i.std, i.order) for i in graph.inputs}
        # Crops follow each other in no order, so that what remembers frames begins anew with each.
        engine.forget()
        engine.run(fed)
        for address, value in waiting.items():
            owner, *rest = split(address)
            if owner == "layer":
                engine.set_number(rest[0], rest[1], value)
        engine.update()
        waiting.clear()
        rows, columns = graph.output_size(Size.of(picture))
        return engine.picture()[:rows, :columns]

    return make
