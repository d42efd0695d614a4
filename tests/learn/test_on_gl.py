"""Learning in GLSL moves weights as PyTorch moves them, on compute shaders and on fragment shaders alone."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import layer, network
from networks import pix2pix
from test_learner import lesson

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings as ComputeSettings
from studio.engine.store import TensorStore
from studio.engine.torch.engine import TorchEngine
from studio.learn.backend import Backend, Pull
from studio.learn.bank import Bank
from studio.learn.learner import Learner
from studio.learn.lesson import Batch, Lesson, Same
from studio.learn.losses import L1, L2, SSIM, Edges, TotalVariation
from studio.learn.networks import parse_new
from studio.learn.objective import WANTED, Objective
from studio.learn.on_gl import GLBackend
from studio.learn.on_torch import TorchBackend
from studio.learn.optimisers import OPTIMISERS, Adam, Optimiser, Schedule
from studio.learn.others import Adversarial
from studio.learn.settings import Settings, Term, objective_of
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network

pytestmark = pytest.mark.gl

BLACK = np.zeros((1, 1, 3), np.uint8)

Open = Callable[..., GLBackend]


@pytest.fixture(params=["gl", "gl-shared", "gl-fragment"])
def open_gl(request: pytest.FixtureRequest, device: Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Learns on an engine; "gl-shared" as GPUs do it, with kernels in a buffer that steps pack, and sums at once."""
    opened: list[GLBackend] = []
    if request.param == "gl-shared":
        monkeypatch.setattr(GLEngine, "_usual_settings", lambda _: ComputeSettings("shared"))

    def open_one(*args: object, **more: object) -> GLBackend:
        opened.append(GLBackend(*args, request.param.removesuffix("-shared"), device, **more))
        return opened[-1]

    yield open_one
    for backend in opened:
        backend.close()


def norms() -> Network:
    """Every kind of norm, and most kinds of layers between them."""
    conv = {"kernel_size": 3, "padding": 1}
    return network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=8, padding_mode="reflect", **conv),
        layer("bn", "BatchNorm2d", "a", num_features=8),
        layer("act", "PReLU", "bn", num_parameters=8),
        layer("b", "Conv2d", "act", in_channels=8, out_channels=8, stride=2, groups=2, **conv),
        layer("gn", "GroupNorm", "b", num_groups=2, num_channels=8),
        layer("gelu", "GELU", "gn"),
        layer("pool", "MaxPool2d", "gelu", kernel_size=2),
        layer("c", "Conv2d", "pool", in_channels=8, out_channels=6, **conv),
        layer("ln", "LayerNorm2d", "c", num_channels=6),
        layer("silu", "SiLU", "ln"),
        layer("up", "Upsample", "silu", scale_factor=2, mode="bilinear"),
        layer("d", "FractionalConv2d", "up", in_channels=6, out_channels=5, kernel_size=4),
        layer("in", "InstanceNorm2d", "d", num_features=5, affine=True),
        layer("join", "Concat", ("in", "input")),
        layer("e", "Conv2d", "join", in_channels=8, out_channels=3, kernel_size=1),
        layer("out", "Sigmoid", "e"),
    )


def placed() -> Network:
    """Maps of its own: one that is added as a position's embedding is, one laid out again and again, one fixed."""
    own = {"height": 4, "width": 3}
    return network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=4, stride=4),
        layer("place", "GivenMap", "a", channels=6, height=4, width=4),
        layer("sum", "Add", ("a", "place")),
        layer("act", "Sigmoid", "sum"),
        layer("again", "GivenMap", "a", channels=5, repeat=True, **own),
        layer("fixed", "GivenMap", "a", channels=2, repeat=True, fixed=True, **own),
        layer("join", "Concat", ("act", "again", "fixed")),
        layer("b", "ConvTranspose2d", "join", in_channels=13, out_channels=3, kernel_size=4, stride=4),
        layer("out", "Sigmoid", "b"),
    )


def new(text: str) -> Callable[[], Network]:
    return lambda: parse_new(text).make()


NETWORKS: dict[str, tuple[Callable[[], Network], Size, tuple[Term, ...]]] = {
    "autoencoder": (new("autoencoder,width=16"), Size(16, 16), (L2(),)),
    "fractional": (new("autoencoder,width=16,upsampling=fractional"), Size(16, 24), (L1(), Edges(weight=0.5))),
    "pix2pix": (new("unet,width=6,depth=3"), Size(16, 16), (L1(), Adversarial(0.1, width=4, depth=2))),
    "painter": (new("painter,width=4,blocks=1"), Size(16, 16), (L2(), SSIM(weight=0.2), TotalVariation(weight=0.1))),
    "upscaler": (new("upscaler,width=6,depth=2"), Size(8, 8), (L2(),)),
    "norms": (norms, Size(16, 16), (L2(),)),
    "placed": (placed, Size(16, 16), (L2(),)),
}


def taught(backend: Backend, made: Network, size: Size, steps: int, crops: int = 2, rate: float = 1e-3) -> list[float]:
    rng, found, graph = np.random.default_rng(0), [], made.graph
    shape = backend.objective.shapes[graph.output]
    shown: Lesson = lesson()
    for picture, number in zip(shown.bank.pictures, range(9), strict=False):
        shown.bank.pictures[number] = np.kron(picture, np.ones((2, 2, 1), np.uint8))
    for _ in range(steps):
        backend.accumulate(shown.batch(rng, crops, graph, size, Size(shape.height, shape.width)), 1.0)
        found.append(backend.apply(rate, np.inf).total)
    return found


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_whole_networks_have_the_gradients_of_autograd(open_gl: Open, name: str) -> None:
    make, size, losses = NETWORKS[name]
    objective = objective_of(make(), Settings(size, losses, batch=2))
    backend, oracle = open_gl(objective, OPTIMISERS["sgd"]()), TorchBackend(objective, OPTIMISERS["sgd"](), "cpu")
    found, wanted = (taught(each, make(), size, 1) for each in (backend, oracle))

    assert found[0] == pytest.approx(wanted[0], rel=1e-4)
    whole = np.concatenate([oracle.gradient(tensor).ravel() for tensor in objective.learns])
    mine = np.concatenate([backend.gradient(tensor).ravel() for tensor in objective.learns])
    assert np.linalg.norm(mine - whole) <= 1e-3 * np.linalg.norm(whole)
    for tensor in backend.kept():
        before = objective.network.tensors[tensor]
        moved, right = (each.tensor(tensor) - before for each in (backend, oracle))
        assert np.linalg.norm(moved - right) <= 2e-3 * np.linalg.norm(right) + 1e-6, tensor


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_a_hundred_steps_lose_as_much_as_pytorchs(open_gl: Open, name: str) -> None:
    made = parse_new("autoencoder,width=3,seed=3").make()
    objective = objective_of(made, Settings(Size(8, 8), (L2(),)))
    rates = {"sgd": 0.05, "adam": 1e-2, "adamw": 1e-2, "adadelta": 1.0}
    # With a smaller eps Adam takes whole steps along the rounding error of a gradient that is next to nothing: weights
    # that began 1e-6 apart then lose up to 2 % apart after a hundred steps in PyTorch alone.
    numbers = {"weight_decay": 0.01} | ({"eps": 1e-5} if name.startswith("adam") else {})
    backend = open_gl(objective, OPTIMISERS[name](**numbers))
    oracle = TorchBackend(objective, OPTIMISERS[name](**numbers), "cpu")
    found, wanted = (taught(each, made, Size(8, 8), 100, crops=1, rate=rates[name]) for each in (backend, oracle))
    np.testing.assert_allclose(found, wanted, rtol=0.01)


def test_strokes_pins_and_checkpoints_hold(open_gl: Open) -> None:
    made = parse_new("autoencoder,width=4,seed=3").make()
    objective = objective_of(made, Settings(Size(8, 8), (L2(),)))
    backend = open_gl(objective, Adam())
    rates = np.ones((4, 3, 4, 4), np.float32)
    rates[1] = 0.0
    backend.rates["enc1.weight"] = rates
    taught(backend, made, Size(8, 8), 2)
    backend.replace("enc1.weight", Rect(4, 0, 4, 12), np.full((4, 12), 0.125, np.float32))
    state = backend.state()
    first = taught(backend, made, Size(8, 8), 2)

    assert (backend.tensor("enc1.weight")[1] == 0.125).all()
    assert (backend.tensor("enc1.weight")[0] != state.tensors["enc1.weight"][0]).all()
    backend.restore(state)
    assert taught(backend, made, Size(8, 8), 2) == first
    other = TorchBackend(objective, Adam(), "cpu")
    other.restore(state)
    other.rates["enc1.weight"] = rates
    np.testing.assert_allclose(taught(other, made, Size(8, 8), 2), first, rtol=1e-4)


@pytest.mark.parametrize("name", ["autoencoder", "pix2pix"])
def test_gradients_of_maps_are_of_the_weights_before_the_step(open_gl: Open, name: str) -> None:
    make, size, losses = NETWORKS[name]
    objective, sgd = objective_of(make(), Settings(size, losses, batch=1)), OPTIMISERS["sgd"]()
    backend, oracle = open_gl(objective, sgd), TorchBackend(objective, sgd, "cpu")
    watched = frozenset(node.name for node in make().graph.nodes)
    for each in (backend, oracle):
        each.watched = watched
        taught(each, make(), size, 1, crops=1, rate=0.3)
    for layer_ in watched:
        mine, right = (each.map_gradient(layer_) for each in (backend, oracle))
        assert (mine is None) == (right is None), layer_
        if mine is not None:
            assert np.linalg.norm(mine - right) <= 1e-3 * np.linalg.norm(right) + 1e-9, layer_


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_next_step_goes_by_all_weights_as_they_have_become(open_gl: Open, name: str) -> None:
    make, size, losses = NETWORKS[name]
    objective = objective_of(make(), Settings(size, losses, batch=1))
    backend, oracle = open_gl(objective, Adam()), TorchBackend(objective, Adam(), "cpu")
    taught(backend, make(), size, 1, crops=1, rate=0.1)
    state = backend.state()
    oracle.restore(state)
    found, wanted = (taught(each, make(), size, 1, crops=1, rate=0.1) for each in (backend, oracle))
    assert found == pytest.approx(wanted, rel=1e-5)


def test_a_step_is_one_run_from_the_first_on(open_gl: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    make, size, losses = NETWORKS["pix2pix"]
    backend = open_gl(objective_of(make(), Settings(size, losses, batch=1)), OPTIMISERS["sgd"]())
    execute, runs = backend.engine._execute, []
    monkeypatch.setattr(backend.engine, "_execute", lambda *asked: (runs.append(asked), execute(*asked)))
    taught(backend, make(), size, 2, crops=1)
    assert len(runs) == 2


def test_a_step_that_is_not_finite_is_not_taken(open_gl: Open) -> None:
    made = parse_new("autoencoder,width=4").make()
    backend = open_gl(objective_of(made, Settings(Size(8, 8), (L2(),))), Adam())
    backend.replace("dec2.bias", Rect(0, 0, 1, 1), np.full((1, 1), np.nan, np.float32))
    before = {name: backend.tensor(name) for name in made.tensors}
    taught(backend, made, Size(8, 8), 1)
    assert backend.steps == 0
    for name, values in before.items():
        np.testing.assert_array_equal(backend.tensor(name), values)


def test_other_engines_on_the_store_see_what_is_learnt_at_another_size(device: Device) -> None:
    made = parse_new("autoencoder,width=4").make()
    store = TensorStore(made.tensors)
    backend = GLBackend(objective_of(made, Settings(Size(8, 8), (L2(),))), Adam(), "gl", device, store)
    viewers = [GLEngine(made, device, store=store), TorchEngine(made, "cpu", store)]
    picture = np.random.default_rng(5).random((3, 24, 16), np.float32)
    for viewer in viewers:
        viewer.run({"input": picture})
        viewer.sheet("enc2.weight")
    taught(backend, made, Size(8, 8), 2, rate=0.01)
    fresh = TorchEngine(made.with_tensors({name: store.tensor(name) for name in made.tensors}), "cpu")
    fresh.run({"input": picture})

    assert not np.array_equal(store.tensor("enc2.weight"), made.tensors["enc2.weight"])
    for viewer in viewers:
        assert "out" in viewer.update()
        np.testing.assert_allclose(viewer.output(), fresh.output(), rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(viewer.sheet("enc2.weight"), fresh.sheet("enc2.weight"))
        np.testing.assert_array_equal(viewer.tensor("enc2.weight"), store.tensor("enc2.weight"))
    for value, viewer in enumerate(viewers, start=3):
        viewer.replace("enc1.weight", Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32))
        assert backend.tensor("enc1.weight")[0, 0, 0, 0] == value
        assert all(each.update() for each in viewers)
    for each in (backend, *viewers):
        each.close()


def test_pulls_and_gradients_of_maps_are_those_of_pytorch(open_gl: Open) -> None:
    made = norms()
    objective = objective_of(made, Settings(Size(16, 16), (L2(),), batch=2))
    sgd = OPTIMISERS["sgd"]()
    backend, oracle = open_gl(objective, sgd), TorchBackend(objective, sgd, "cpu")
    shape = made.tensors["a.weight"].shape
    strength, target = np.zeros(shape, np.float32), np.full(shape, 0.25, np.float32)
    strength[:2], strength[2:4] = 1.0, 0.5
    for each in (backend, oracle):
        each.pulls["a.weight"] = Pull(strength, target)
        each.watched = frozenset({"pool", "gn", "out"})
        taught(each, made, Size(16, 16), 1, crops=2)

    found, wanted = (each.tensor("a.weight") for each in (backend, oracle))
    assert (found[:2] == 0.25).all()
    assert (np.abs(found[2:4] - 0.25) < np.abs(made.tensors["a.weight"][2:4] - 0.25)).mean() > 0.9
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    for layer_ in ("pool", "gn", "out"):
        mine, right = (each.map_gradient(layer_) for each in (backend, oracle))
        assert mine is not None
        assert np.linalg.norm(mine - right) <= 1e-3 * np.linalg.norm(right), layer_
    assert backend.map_gradient("silu") is None


def test_a_learner_on_the_windows_store_shows_there_what_it_learns(device: Device) -> None:
    made = parse_new("autoencoder,width=4").make()
    viewer = GLEngine(made, device)
    picture = np.random.default_rng(5).random((3, 24, 16), np.float32)
    viewer.run({"input": picture})
    settings = Settings(Size(16, 16), (L1(), Edges(weight=0.2)), batch=2)
    learner = Learner(made, lesson(), settings, opens=lambda o, how: GLBackend(o, how, "gl", device, viewer.store))
    learner.step()
    learner.publish(viewer)
    assert "out" in viewer.update()
    fresh = TorchEngine(learner.result(), "cpu")
    fresh.run({"input": picture})
    np.testing.assert_allclose(viewer.output(), fresh.output(), rtol=1e-4, atol=1e-6)

    viewer.replace("enc1.weight", Rect(0, 0, 1, 1), np.full((1, 1), 3.0, np.float32))
    assert learner.tensor("enc1.weight")[0, 0, 0, 0] == 3.0
    learner.step()
    learner.turn(replace(settings, losses=(L2(),)))
    assert learner.step().number == 3
    assert 2.9 < learner.tensor("enc1.weight")[0, 0, 0, 0] < 3.1
    learner.close()
    viewer.close()


def test_memory_stays_flat_over_many_steps(device: Device) -> None:
    made = parse_new("autoencoder,width=2").make()
    backend = GLBackend(objective_of(made, Settings(Size(4, 4), (L2(),))), Adam(), "gl", device)
    taught(backend, made, Size(4, 4), 20, crops=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taught(backend, made, Size(4, 4), 200, crops=1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024
    backend.close()


@pytest.mark.parametrize("engine", ["gl", "gl-fragment", "torch"])
def test_numbers_are_turned_without_beginning_anew(device: Device, engine: str) -> None:
    made = parse_new("autoencoder,width=3").make()

    def opens(objective: Objective, how: Optimiser) -> Backend:
        return TorchBackend(objective, how, "cpu") if engine == "torch" else GLBackend(objective, how, engine, device)

    first = Settings(Size(8, 8), (L1(weight=1.0), Edges(weight=0.2)), Adam(), batch=1)
    other = replace(first, losses=(L1(weight=0.3), Edges(weight=2.0)), optimiser=Adam(beta1=0.5, weight_decay=0.1))
    learner = Learner(made, lesson(), first, opens=opens)
    for _ in range(2):
        learner.step()
    checkpoint, backend = learner.checkpoint(), learner.backend
    learner.turn(other)
    assert learner.backend is backend
    found = [learner.step().loss for _ in range(3)]

    fresh = Learner(made, lesson(), other, opens=opens)
    fresh.restore(checkpoint)
    np.testing.assert_allclose([fresh.step().loss for _ in range(3)], found, rtol=1e-5)
    learner.turn(replace(other, losses=(SSIM(),)))
    assert learner.backend is not backend
    assert learner.step().number == 6
    learner.close()
    fresh.close()


def test_crops_cut_on_the_device_are_those_of_memory(open_gl: Open) -> None:
    made = parse_new("autoencoder,width=4,seed=3").make()
    pictures = [np.random.default_rng(n).integers(0, 256, (13, 11 + n, 3), np.uint8) for n in range(3)]
    lesson_ = Same(Bank(pictures, "noise"))
    objective = objective_of(made, Settings(Size(8, 8), (L2(),)))
    backends = [open_gl(objective, Adam()) for _ in range(2)]
    rng = np.random.default_rng(7)
    for step in range(4):
        batch = lesson_.batch(rng, 2, made.graph, Size(8, 8), Size(8, 8))
        assert len(batch.crops) == 2
        for backend, given in zip(backends, (batch, Batch(batch.shown, batch.wanted, batch.pictures)), strict=True):
            backend.accumulate(given, 1.0)
            np.testing.assert_allclose(backend.engine.activation("input"), batch.shown["input"][1], atol=1e-6)
        totals = [backend.apply(1e-2, np.inf).total for backend in backends]
        assert totals[0] == pytest.approx(totals[1], rel=1e-5)
        # A camera puts a picture in another's place, or adds one.
        pictures[step % 2] = 255 - pictures[step % 2]
        pictures.append(pictures[0][:, ::-1].copy())


def test_a_run_is_sent_off_by_itself_unless_the_step_follows_at_once(device: Device) -> None:
    made, size = parse_new("autoencoder,width=2,seed=1").make(), Size(8, 8)
    backend = GLBackend(objective_of(made, Settings(size, (L2(),), batch=2)), Adam(), "gl", device)
    found, rng = [], np.random.default_rng(1)
    for crops, share in ((1, 1.0), (2, 1.0), (1, 0.5), (1, 1.0)):
        backend.accumulate(lesson().batch(rng, crops, made.graph, size, size), share)
        found.append(backend.engine.sent_later)
        backend.drop()
    assert found == [True, False, False, True]
    backend.close()


@pytest.mark.parametrize("engine", ["gl", "gl-fragment"])
def test_what_is_freed_is_that_of_its_own_context(engine: str) -> None:
    made, size = parse_new("autoencoder,width=2,seed=1").make(), Size(8, 8)
    objective = objective_of(made, Settings(size, (L2(),), batch=1))
    one, other = (GLBackend(objective, Adam(), engine) for _ in range(2))
    for backend in (one, other):
        backend.accumulate(lesson().batch(np.random.default_rng(1), 1, made.graph, size, size), 1.0)
        backend.take(1e-3, 1.0)
    one.close()
    other._device.use()
    assert other._device.context.error == "GL_NO_ERROR"
    one.close()
    other.close()


def test_a_tensor_that_no_gradient_reached_has_its_first_step_when_one_does(open_gl: Open) -> None:
    conv = {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 1}
    layers, size = [layer("a", "Conv2d", "input", **conv), layer("b", "Conv2d", "input", **conv)], Size(8, 8)
    apart = network(*layers, layer("out", "Tanh", "a"))
    both = replace(network(*layers, layer("out", "Add", ("a", "b"))), tensors=apart.tensors)
    found = []
    for opens in (open_gl, TorchBackend):
        objectives = [objective_of(made, Settings(size, (L2(),), batch=1)) for made in (apart, both)]
        before, after = (opens(objective, Adam()) for objective in objectives)
        taught(before, apart, size, 9, 1)
        state = before.state()
        assert (state.slots["a.weight/steps"], state.slots["b.weight/steps"]) == (9, 0)
        after.restore(state)
        taught(after, both, size, 1, 1)
        found.append({name: after.tensor(name) for name in both.tensors})
    for name, values in found[1].items():
        np.testing.assert_allclose(found[0][name], values, rtol=1e-4, atol=1e-6, err_msg=name)


def test_steps_after_one_that_is_not_finite_are_not_taken_though_asked_for(device: Device) -> None:
    made = parse_new("autoencoder,width=4").make()
    backend = GLBackend(objective_of(made, Settings(Size(8, 8), (L2(),))), Adam(), "gl", device)
    taught(backend, made, Size(8, 8), 2, crops=1)
    before = {name: backend.tensor(name) for name in made.tensors}
    shown = np.full((1, 3, 8, 8), np.nan, np.float32)
    for values in (shown, np.zeros_like(shown), np.zeros_like(shown)):
        backend.accumulate(Batch({"input": values}, np.zeros_like(shown), (BLACK, BLACK)), 1.0)
        backend.take(1e-3, np.inf)
    outcomes = backend.outcomes(wait=True)
    assert [outcome.is_finite for outcome in outcomes] == [False]
    assert backend.steps == 2
    for name, values in before.items():
        np.testing.assert_array_equal(backend.tensor(name), values)
    assert np.isfinite(taught(backend, made, Size(8, 8), 2, crops=1)).all()
    assert backend.steps == 4
    backend.close()


@pytest.mark.slow
def test_pix2pix_of_256_has_gradients_as_exact_as_pytorchs(device: Device) -> None:
    made, _ = pix2pix()
    objective = objective_of(made, Settings(Size(256, 256), (L1(),), batch=1))
    rng = np.random.default_rng(0)
    shown, wanted = (rng.random((1, 3, 256, 256), np.float32) * 2 - 1 for _ in range(2))
    backend = GLBackend(objective, OPTIMISERS["sgd"](), "gl", device)
    backend.accumulate(Batch({"input": shown}, wanted, (BLACK, BLACK)), 1.0)
    backend.apply(0.0, np.inf)
    tensors = {name: torch.tensor(value).double() for name, value in objective.network.tensors.items()}
    for name in objective.learns:
        tensors[name].requires_grad_()
    maps = {"input": torch.tensor(shown).double(), WANTED: torch.tensor(wanted).double()}
    for node in objective.network.graph.nodes:
        own = {key: tensors[name] for key, name in node.tensor_names.items()}
        maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
    total = maps[objective.aims[0].total].sum()
    found = torch.autograd.grad(total, [tensors[name] for name in objective.learns])
    right = {name: grad.numpy() for name, grad in zip(objective.learns, found, strict=True)}
    apart = sum(((backend.gradient(name) - grad) ** 2).sum() for name, grad in right.items())
    assert apart <= 1e-6 * sum((grad**2).sum() for grad in right.values())
    backend.close()


@pytest.mark.parametrize("name", ["gl", "gl-fragment"])
def test_a_stroke_on_one_tensor_of_a_layer_leaves_what_was_learnt_of_the_others(name: str) -> None:
    """They lie in one texture, which a stroke packs anew from memory, where the others may be older."""
    made = network(
        layer("norm", "InstanceNorm2d", "input", num_features=3, affine=True),
        layer("out", "Conv2d", "norm", in_channels=3, out_channels=3, kernel_size=1),
    )
    how = Settings(Size(8, 8), (L2(),), Adam(), Schedule(rate=0.1), batch=2)
    learners = [Learner(made, lesson(), how, each) for each in (name, "torch")]
    for _ in range(2):
        for each in learners:
            each.step()
            each.replace("norm.bias", Rect(0, 0, 1, 3), np.full((1, 3), 0.25, np.float32))
            each.replace("out.bias", Rect(0, 0, 1, 3), np.full((1, 3), 0.5, np.float32))
    one, other = (each.step() for each in learners)
    assert one.loss == pytest.approx(other.loss, rel=1e-5)
