"""Steps of learning by fragment shaders: a pass for each tensor, told anew in every step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from studio.engine.gl.engines.learning import FragmentMoving
from studio.engine.gl.engines.steps import Said
from studio.engine.gl.memory.tensors import Texture
from studio.learn._gl_graph import TOLD
from studio.learn._gl_ways import Pulls, Rates, Training, Way
from studio.learn.backend import Pull
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.shape import Array


class FragmentWay(Way):
    """For GL 3.3: losses and norms are read back in every step, and textures change places."""

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        self._moving = FragmentMoving(training.device)
        self._parts: Array | None = None
        self._moments: dict[str, Array] = {}
        self._single = False
        self._done: list[Said] = []

    def crop(self, share: float, *, anew: bool, single: bool) -> None:
        """See `Way.crop`."""
        training, self._single = self._training, single
        for name, layer in training.gradients.items():
            if single:
                break
            self._moving.add(training.total_of(name).texture, training.engine.texture_of(layer)[0], share, anew=anew)
        parts = training.engine.activation(TOLD)[:, 0, 0] * np.float32(share)
        self._parts = parts if anew or self._parts is None else self._parts + parts
        for name in training.statistics:
            more = training.engine.activation(training.layer_of(name))[:, 0] * np.float32(share)
            self._moments[name] = more if anew or name not in self._moments else self._moments[name] + more

    def take(self, rate: float, clip: float, rates: Rates, pulls: Pulls) -> None:
        """See `Way.take`."""
        training = self._training
        assert self._parts is not None
        grads = {name: self._gradient_of(name) for name in training.gradients}
        norm = self._moving.norm(list(grads.values()))
        followed = [*self._followed()]
        good = bool(np.isfinite([norm, *self._parts.tolist(), *(each.sum() for _, each, _ in followed)]).all())
        if good:
            scale = clip / norm if norm > clip else 1.0
            for name, grad in grads.items():
                self._move(name, grad, {"rate": rate, "scale": scale}, rates.get(name), pulls.get(name))
            self._follow(followed)
        self._done.append(Said(good, norm, self._parts))

    def _gradient_of(self, name: str) -> Texture:
        training = self._training
        if self._single:
            return training.engine.texture_of(training.gradients[name])[0]
        return training.totals[name].texture

    def _move(
        self, name: str, grad: Texture, told: Mapping[str, float], rates: Array | None, pull: Pull | None
    ) -> None:
        training, count = self._training, self._training.moved(name)
        said = {**training.optimiser.numbers(count), **told, "first": float(count == 1)}
        self._moving.step(
            training.optimiser.shader,
            training.tensors,
            name,
            training.slots_of(name),
            grad,
            training.sheet_of("rate", name, rates),
            training.pull_of(name, pull),
            {f"u_{key}": value for key, value in said.items()},
        )
        training.tensors.moved([name])

    def _followed(self) -> Iterator[tuple[str, Array, float]]:
        """Running statistics by their tensors' names, what they follow, and how far."""
        for layer, found in self._moments.items():
            statistic = self._training.statistics[layer]
            mean, variance = statistic.running
            yield mean, found[:, 0], statistic.momentum
            yield variance, found[:, 1] * np.float32(statistic.unbiased), statistic.momentum

    def _follow(self, followed: Iterable[tuple[str, Array, float]]) -> None:
        store = self._training.store
        for name, values, momentum in followed:
            now = store.tensor(name)
            # Not now + momentum * (values - now), which leaves nothing of what is small beside what was.
            moved = np.float32(1 - momentum) * now + np.float32(momentum) * values
            store.put(name, Rect(0, 0, *sheet_size(now.shape)), moved[None])

    def outcomes(self, *, wait: bool) -> list[Said]:
        """See `Way.outcomes`."""
        del wait
        done, self._done = self._done, []
        return done
