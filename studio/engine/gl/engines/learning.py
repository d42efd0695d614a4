"""What a step of learning does in fragment shaders: gradients added up, their norm, and every weight moved.

A tensor, its gradient and what the optimiser remembers of it are maps of one size (`gl.memory.tensors`), so
that a step is one pass over a tensor's texels. A fragment shader cannot read what it writes: it draws into textures
that were another tensor's, or nobody's, and changes places with them. Compute shaders have `gl.engines.steps`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.memory.tensors import DeviceTensor, DeviceTensors
from studio.model.declared.size import Size

_COLUMNS = 128
"""Partial sums of squares of a tensor, which are added up in memory."""

Pulled = tuple[DeviceTensor, DeviceTensor] | None
"""How strongly weights are drawn, and to which."""


class FragmentMoving:
    """Passes over texels.

    Args:
        device: what they run on.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._context = device.context
        self._spare: dict[tuple[int, int], list[moderngl.Texture]] = {}

    def add(self, total: moderngl.Texture, grad: moderngl.Texture, share: float, *, anew: bool) -> None:
        """Add so much of a gradient to a total of the same size, or take it in its place."""
        if not anew:
            self._context.enable(moderngl.BLEND)
            self._context.blend_func = moderngl.ONE, moderngl.ONE
        try:
            self._draw(("learn/add_fragment.glsl",), (), [total], {"u_grad": grad}, {"u_share": share})
        finally:
            if not anew:
                self._context.disable(moderngl.BLEND)

    def norm(self, grads: Sequence[moderngl.Texture]) -> float:
        """Of all gradients together; waits for the device."""
        total = 0.0
        for grad in grads:
            one = self._device.texture(Size(1, _COLUMNS))
            self._draw(("learn/squares_fragment.glsl",), (("COLUMNS", _COLUMNS),), [one], {"u_grad": grad}, {})
            with np.errstate(over="ignore", invalid="ignore"):
                total += float(self._device.calls.read(one).sum(dtype=np.float64))
        return math.sqrt(total) if total >= 0 else total

    def step(
        self,
        rule: str,
        tensors: DeviceTensors,
        name: str,
        slots: Sequence[DeviceTensor],
        grad: moderngl.Texture,
        rates: DeviceTensor | None,
        pull: Pulled,
        numbers: Mapping[str, float],
    ) -> None:
        """Move a tensor by ``shaders/learn/<rule>.glsl``, and what is remembered of it, in one pass."""
        weight = tensors.of(name).texture
        spare = self._spare.setdefault(weight.size, [])
        while len(spare) < 3:
            spare.append(self._device.texture(Size.from_wh(weight.size)))
        held = [slot.texture for slot in slots]
        sampled = dict(zip(("u_weight", "u_first_slot", "u_second_slot"), [weight, *held, *held][:3], strict=True))
        besides, constants = _besides(grad, rates, pull)
        files = ("learn/rates.glsl", f"learn/{rule}.glsl", "learn/step.glsl", "learn/step_fragment.glsl")
        self._draw(files, constants, spare, sampled | besides, numbers)
        made, others = spare[: 1 + len(slots)], spare[1 + len(slots) :]
        before = [tensors.swap(name, made[0])]
        for slot, texture in zip(slots, made[1:], strict=True):
            before.append(slot.texture)
            slot.texture = texture
        self._spare[weight.size] = [*before, *others]

    def _draw(
        self,
        files: tuple[str, ...],
        constants: tuple[tuple[str, int], ...],
        targets: Sequence[moderngl.Texture],
        sampled: Mapping[str, moderngl.Texture],
        numbers: Mapping[str, float | int],
    ) -> None:
        triangle = self._device.fragment(Source("fragment", files, constants))
        _give(triangle.program, sampled, numbers)
        self._context.framebuffer(list(targets)).use()
        self._device.calls.draw(triangle)
        self._device.unbind()


def _give(
    program: moderngl.Program,
    sampled: Mapping[str, moderngl.Texture],
    numbers: Mapping[str, float | int],
) -> None:
    """Give a program the textures that it reads and its numbers."""
    for unit, (uniform, texture) in enumerate(sampled.items()):
        texture.use(unit)
        set_uniforms(program, {uniform: unit})
    set_uniforms(program, numbers)


def _besides(
    grad: moderngl.Texture, rates: DeviceTensor | None, pull: Pulled
) -> tuple[dict[str, moderngl.Texture], tuple[tuple[str, int], ...]]:
    """What a step samples besides what it moves, and what the shader is told of that."""
    sampled = {"u_grad": grad}
    if rates is not None:
        sampled["u_rates"] = rates.texture
    if pull is not None:
        sampled |= {"u_strength": pull[0].texture, "u_target": pull[1].texture}
    return sampled, (("RATED", int(rates is not None)), ("PULLED", int(pull is not None)))
