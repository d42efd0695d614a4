"""What a step of learning does on the device: gradients added up, their norm, and every weight moved where it lies.

A tensor, its gradient and what the optimiser remembers of it are maps of one size (`studio.engine.gl.tensors`), so
that a step is one pass over a tensor's texels. Compute shaders do it in place. Fragment shaders cannot read what they
write: they draw into textures that were another tensor's, or nobody's, and change places with them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import moderngl
import numpy as np

from studio.engine.gl.device import Device, set_uniforms
from studio.engine.gl.dispatch import ALL_WRITES, line_of
from studio.engine.gl.shaders import Source
from studio.engine.gl.tensors import DeviceTensor, DeviceTensors

_COLUMNS = 128
"""Partial sums of squares of a tensor, which are added up in memory."""

Size = tuple[int, int]
Pulled = tuple[DeviceTensor, DeviceTensor] | None
"""How strongly weights are drawn, and to which."""


class Moving(ABC):
    """Passes over texels, one kind for each stage of the driver's.

    Args:
        device: what they run on.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._context = device.context

    @abstractmethod
    def add(self, total: moderngl.Texture, grad: moderngl.Texture, share: float, *, anew: bool) -> None:
        """Add so much of a gradient to a total of the same size, or take it in its place."""

    @abstractmethod
    def square(self, grad: moderngl.Texture, sums: moderngl.Texture, row: int) -> None:
        """Leave partial sums of the squares of a gradient in a row of (128, rows)."""

    @abstractmethod
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

    def norm(self, grads: Sequence[moderngl.Texture]) -> float:
        """Of all gradients together; waits for the device."""
        sums = self._device.texture((_COLUMNS, len(grads)))
        for row, grad in enumerate(grads):
            self.square(grad, sums, row)
        self._settle()
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.sqrt(self._device.calls.read(sums).sum(dtype=np.float64)))

    def _settle(self) -> None:
        self._device.finish()


class ComputeMoving(Moving):
    """Compute shaders, in place."""

    def add(self, total: moderngl.Texture, grad: moderngl.Texture, share: float, *, anew: bool) -> None:
        """See `Moving.add`."""
        numbers = {"u_share": share, "u_kept": float(not anew)}
        self._run(("learn/add_compute.glsl",), (), [total], {"u_grad": grad}, numbers, _texels(total))

    def square(self, grad: moderngl.Texture, sums: moderngl.Texture, row: int) -> None:
        """See `Moving.square`."""
        self._run(("learn/squares_compute.glsl",), (), [sums], {"u_grad": grad}, {"u_row": row}, (_COLUMNS, 1))

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
        """See `Moving.step`."""
        weight = tensors.of(name).texture
        images = [weight, *(slot.texture for slot in slots)]
        images += [images[-1]] * (3 - len(images))
        sampled, constants = _besides(grad, rates, pull)
        files = ("learn/rates.glsl", f"learn/{rule}.glsl", "learn/step.glsl", "learn/step_compute.glsl")
        self._run(files, (*constants, ("SLOTS", len(slots))), images, sampled, numbers, _texels(weight))

    def _run(
        self,
        files: tuple[str, ...],
        constants: tuple[tuple[str, int], ...],
        images: Sequence[moderngl.Texture],
        sampled: Mapping[str, moderngl.Texture],
        numbers: Mapping[str, float | int],
        groups: tuple[int, int],
    ) -> None:
        program = self._device.compute(Source("compute", files, constants))
        self._context.memory_barrier(ALL_WRITES)
        for unit, image in enumerate(images):
            image.bind_to_image(unit, read=True, write=True)
        _give(program, sampled, numbers)
        self._device.dispatch(program, *groups)
        self._context.memory_barrier(ALL_WRITES)


class FragmentMoving(Moving):
    """Fragment shaders, for GL 3.3."""

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._spare: dict[Size, list[moderngl.Texture]] = {}

    def add(self, total: moderngl.Texture, grad: moderngl.Texture, share: float, *, anew: bool) -> None:
        """See `Moving.add`."""
        if not anew:
            self._context.enable(moderngl.BLEND)
            self._context.blend_func = moderngl.ONE, moderngl.ONE
        try:
            self._draw(("learn/add_fragment.glsl",), (), [total], {"u_grad": grad}, {"u_share": share})
        finally:
            if not anew:
                self._context.disable(moderngl.BLEND)

    def square(self, grad: moderngl.Texture, sums: moderngl.Texture, row: int) -> None:
        """See `Moving.square`."""
        one = self._device.texture((_COLUMNS, 1))
        self._draw(("learn/squares_fragment.glsl",), (("COLUMNS", _COLUMNS),), [one], {"u_grad": grad}, {})
        self._device.calls.write(sums, self._device.calls.read(one), (0, row))

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
        """See `Moving.step`."""
        weight = tensors.of(name).texture
        spare = self._spare.setdefault(weight.size, [])
        while len(spare) < 3:
            spare.append(self._device.texture(weight.size))
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
    program: moderngl.Program | moderngl.ComputeShader,
    sampled: Mapping[str, moderngl.Texture],
    numbers: Mapping[str, float | int],
) -> None:
    """Give a program the textures that it reads and its numbers."""
    for unit, (uniform, texture) in enumerate(sampled.items()):
        texture.use(unit)
        set_uniforms(program, {uniform: unit})
    set_uniforms(program, numbers)


def _texels(texture: moderngl.Texture) -> tuple[int, int]:
    return line_of(-(-texture.width * texture.height // 64))


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
