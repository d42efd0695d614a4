"""Steps of learning by fragment shaders: a pass for each tensor, told anew in every step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.engine.gl.engines.learning import FragmentMoving
from studio.engine.gl.engines.steps import Said
from studio.engine.gl.memory.tensors import Texture
from studio.learn._gl_graph import TOLD
from studio.learn._gl_ways import Course, Pulls, Rates, Way
from studio.learn.backend import MOMENTUM, Pull
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.op import Array


class FragmentWay(Way):
    """For GL 3.3: losses and norms are read back in every step, and textures change places."""

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        self._moving = FragmentMoving(course.device)
        self._parts: Array | None = None
        self._moments: dict[str, Array] = {}
        self._single = False
        self._done: list[Said] = []

    def crop(self, share: float, *, anew: bool, single: bool) -> None:
        """See `Way.crop`."""
        course, self._single = self._course, single
        for name, layer in course.gradients.items():
            if single:
                break
            self._moving.add(course.total_of(name).texture, course.engine.texture_of(layer)[0], share, anew=anew)
        parts = course.engine.activation(TOLD)[:, 0, 0] * np.float32(share)
        self._parts = parts if anew or self._parts is None else self._parts + parts
        for name in course.statistics:
            more = course.engine.activation(course.layer_of(name))[:, 0] * np.float32(share)
            self._moments[name] = more if anew or name not in self._moments else self._moments[name] + more

    def take(self, rate: float, clip: float, rates: Rates, pulls: Pulls) -> None:
        """See `Way.take`."""
        course = self._course
        assert self._parts is not None
        grads = {name: self._gradient_of(name) for name in course.gradients}
        norm = self._moving.norm(list(grads.values()))
        good = bool(np.isfinite([norm, *self._parts.tolist()]).all())
        if good:
            scale = clip / norm if norm > clip else 1.0
            for name, grad in grads.items():
                self._move(name, grad, {"rate": rate, "scale": scale}, rates.get(name), pulls.get(name))
            self._follow()
        self._done.append(Said(good, norm, self._parts))

    def _gradient_of(self, name: str) -> Texture:
        course = self._course
        if self._single:
            return course.engine.texture_of(course.gradients[name])[0]
        return course.totals[name].texture

    def _move(
        self, name: str, grad: Texture, told: Mapping[str, float], rates: Array | None, pull: Pull | None
    ) -> None:
        course, count = self._course, self._course.moved(name)
        said = {**course.optimiser.numbers(count), **told, "first": float(count == 1)}
        self._moving.step(
            course.optimiser.shader,
            course.tensors,
            name,
            course.slots_of(name),
            grad,
            course.sheet_of("rate", name, rates),
            course.pull_of(name, pull),
            {f"u_{key}": value for key, value in said.items()},
        )
        course.tensors.moved([name])

    def _follow(self) -> None:
        course = self._course
        for layer, found in self._moments.items():
            columns = (("running_mean", found[:, 0]), ("running_var", found[:, 1] * np.float32(course.unbiased(layer))))
            for key, values in columns:
                name = f"{course.statistics[layer].norm}.{key}"
                now = course.store.tensor(name)
                moved = now + np.float32(MOMENTUM) * (values - now)
                course.store.put(name, Rect(0, 0, *sheet_size(now.shape)), moved[None])

    def outcomes(self, *, wait: bool) -> list[Said]:
        """See `Way.outcomes`."""
        del wait
        done, self._done = self._done, []
        return done
