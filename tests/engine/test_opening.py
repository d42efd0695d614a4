"""Which engine runs, and that opening and closing engines leaves no trace."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import moderngl
import numpy as np
import pytest
from helpers import EngineFor, identity_network, normal, on_torch, relative_error, single, tiny_network

from studio.engine import choose
from studio.engine.choose import ENGINE_NAMES, Probe, open_engine, probe_gl
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError

GPU = Probe("Some GPU", "4.6.0", 16384, is_software=False, has_compute=True)


@pytest.mark.parametrize(
    ("probe", "name", "reason"),
    [
        (GPU, "gl", "Some GPU has compute shaders (OpenGL 4.6.0)"),
        (
            Probe("Apple M3", "4.1 Metal", 16384, is_software=False, has_compute=False),
            "gl-fragment",
            "Apple M3 has no compute shaders (OpenGL 4.1 Metal)",
        ),
        (
            Probe("llvmpipe", "4.5", 16384, is_software=True, has_compute=True),
            "torch",
            "llvmpipe draws in software, where PyTorch is many times faster",
        ),
        (
            Probe("softpipe", "3.3", 8192, is_software=True, has_compute=False),
            "torch",
            "softpipe draws in software, where PyTorch is many times faster",
        ),
        (Probe(problem="no driver."), "torch", "there is no usable OpenGL: no driver."),
    ],
)
def test_auto_takes_the_gpu_where_there_is_one_and_says_why(probe: Probe, name: str, reason: str) -> None:
    choice = choose.choose(probe)
    assert (choice.name, choice.reason) == (name, reason)


@pytest.mark.gl
@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(("probe", "name"), [(GPU, "gl"), (Probe("Old GPU", "4.1"), "gl-fragment")])
def test_auto_opens_what_it_chose(monkeypatch: pytest.MonkeyPatch, probe: Probe, name: str) -> None:
    monkeypatch.setattr(choose, "probe_gl", lambda: probe)
    engine, choice = open_engine(tiny_network())
    engine.close()
    assert (engine.name, choice.name) == (name, name)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.gl] if "gl" in n else []) for n in ENGINE_NAMES])
def test_an_engine_asked_for_by_name_is_opened(request: pytest.FixtureRequest, name: str) -> None:
    if "gl" in name:
        request.getfixturevalue("device")
    engine, choice = open_engine(tiny_network(), name)
    x = normal(3, 8, 8)
    engine.run({"input": x})
    oracle = on_torch(tiny_network())
    oracle.run({"input": x})

    assert relative_error(engine.output(), oracle.output()) < (1e-3 if name == "gl-half" else 1e-5)
    if name != "auto":
        assert (engine.name, choice.name, choice.reason) == (name, name, "it was asked for")
    assert engine.device
    engine.close()


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        StudioError, match='no engine "vulkan"; there are auto, gl, gl-half, gl-fragment, torch, torch-tf32, torch-half'
    ):
        open_engine(tiny_network(), "vulkan")


@pytest.fixture
def no_gl(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**settings: object) -> None:
        raise Exception(f"(standalone) {settings.get('backend', 'default')}: no display.")

    monkeypatch.setattr(moderngl, "create_context", fail)


@pytest.mark.usefixtures("no_gl")
def test_without_opengl_torch_serves_and_says_why() -> None:
    engine, choice = open_engine(tiny_network())
    assert engine.name == "torch"
    assert "no usable OpenGL" in choice.reason
    assert "no display" in choice.reason


@pytest.mark.usefixtures("no_gl")
@pytest.mark.parametrize("name", ["gl", "gl-half", "gl-fragment"])
def test_without_opengl_asking_for_it_says_why_not(name: str) -> None:
    with pytest.raises(StudioError, match=r"No OpenGL 3\.3 here .*no display.*use the engine torch"):
        open_engine(tiny_network(), name)


@pytest.mark.gl
def test_without_compute_shaders_gl_is_refused_and_gl_fragment_runs(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "has_compute", False)
    with pytest.raises(StudioError, match=r"the engine gl needs 4\.3; use gl-fragment or torch"):
        GLEngine(tiny_network(), device)

    def fail(*_: object) -> None:
        raise AssertionError("a compute shader where there is none")

    monkeypatch.setattr(device, "compute", fail)
    engine = GLFragmentEngine(tiny_network(), device)
    engine.run({"input": normal(3, 8, 8)})
    assert engine.stats("out").nan == 0
    assert engine.stats("enc.weight").histogram.sum() == 6 * 3 * 16
    engine.close()


@pytest.mark.gl
def test_the_probe_tells_what_the_device_is(device: Device) -> None:
    wanted = Probe(device.renderer, device.version, device.max_texture, device.is_software, device.has_compute)
    assert probe_gl() == wanted


def test_engines_side_by_side_do_not_disturb_each_other(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device
) -> None:
    """Each owns a context here, and only one context is current: also not a probe's, nor that of one closed since."""
    networks = [tiny_network(), single("Conv2d", 3, in_channels=3, out_channels=7, kernel_size=5)]
    engines, oracles = [gl_class(n) for n in networks], [on_torch(n) for n in networks]
    engines.append(gl_class(tiny_network(5), device))
    oracles.append(on_torch(tiny_network(5)))
    for step in range(3):
        for engine, oracle in zip(engines, oracles, strict=True):
            x = {engine.graph.inputs[0].name: normal(3, 8, 8, seed=step)}
            weight = next(iter(engine.graph.tensor_shapes))
            for each in (engine, oracle):
                each.run(x)
                each.set_tensor(weight, each.tensor(weight) * 1.5)
                each.update()
        for engine, oracle in zip(engines, oracles, strict=True):
            assert relative_error(engine.output(), oracle.output()) < 1e-5
            assert engine.stats(engine.graph.output).nan == 0
        if step == 0:
            probe_gl()
        if step == 1:
            engines.pop(1).close()
            oracles.pop(1)
    for engine in engines:
        engine._begin()
        assert engine._context.error == "GL_NO_ERROR"
        engine.close()


@pytest.fixture
def window(device: Device) -> Iterator[Device]:
    """A context that somebody else made current and goes on using, as a window's render thread does."""
    context = moderngl.create_context(standalone=True, backend="egl", require=device.context.version_code)
    yield Device(context)
    assert context.error == "GL_NO_ERROR"
    context.release()


def living(context: moderngl.Context) -> dict[str, int]:
    """How many textures, buffers and framebuffers there are."""
    context.gc()
    load = context.mglo._context.load_opengl_function
    found = {}
    for kind in ("Texture", "Buffer", "Framebuffer"):
        is_one = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(load(f"glIs{kind}"))
        found[kind] = sum(is_one(name) for name in range(1, 2000))
    return found


def test_a_device_that_was_given_is_left_as_it_was_found(
    gl_class: type[GLEngine] | type[GLFragmentEngine], window: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("another context was opened, entered or released")

    for name in ("create_context", "create_standalone_context"):
        monkeypatch.setattr(moderngl, name, fail)
    for name in ("__enter__", "__exit__", "release"):
        monkeypatch.setattr(window.context.__class__, name, fail)
    x, wanted, before = {"input": normal(3, 16, 16)}, None, living(window.context)
    for turn in range(20):
        engine, choice = open_engine(tiny_network(), gl_class.name, window)
        assert (engine.name, choice.reason) == (gl_class.name, "it was asked for")
        engine.run(x)
        engine.sheet("enc.weight")
        assert engine.stats("out").nan == 0
        found = engine.output()
        wanted = found if wanted is None else wanted
        np.testing.assert_array_equal(found, wanted)
        engine.close()
        engine.close()
        assert living(window.context) == before, turn
    monkeypatch.undo()
    texture = window.context.texture((2, 2), 4, data=bytes(range(16)))
    assert texture.read() == bytes(range(16))


def test_a_closed_engine_can_be_closed_again(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.run({"input": normal(3, 8, 8)})
    engine.close()
    engine.close()
    assert engine.name in ENGINE_NAMES


def test_auto_decides_from_the_device_that_it_is_given(window: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Probe:
        raise AssertionError("a context was opened to look at")

    monkeypatch.setattr(choose, "probe_gl", fail)
    engine, choice = open_engine(tiny_network(), "auto", window)
    assert choice == choose.choose(Probe.of(window))
    engine.close()

    for has_compute, name in ((window.has_compute, "gl"), (False, "gl-fragment")):
        monkeypatch.setattr(window, "is_software", False)
        monkeypatch.setattr(window, "has_compute", has_compute)
        if has_compute or name == "gl-fragment":
            engine, choice = open_engine(tiny_network(), device=window)
            assert (engine.name, choice.name) == (name, name)
            engine.close()


def megabytes_in_use() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux gives it")
def test_engines_opened_and_closed_many_times_leave_no_memory_behind(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device
) -> None:
    """A software rasteriser's textures lie in this process; 50 engines' would be 400 MB."""
    x = normal(3, 512, 512)
    before, closed = 0.0, []
    for turn in range(50):
        engine = gl_class(identity_network(), device)
        engine.run({"input": x})
        np.testing.assert_array_equal(engine.output(), x)
        engine.close()
        engine.close()
        closed.append(engine)
        if turn == 5:
            before = megabytes_in_use()
    assert megabytes_in_use() - before < 100


@pytest.mark.gl
def test_contexts_can_be_opened_and_closed_many_times() -> None:
    x = normal(3, 4, 4)
    for _ in range(8):
        engine = GLEngine(identity_network())
        engine.run({"input": x})
        np.testing.assert_array_equal(engine.output(), x)
        engine.close()


@pytest.mark.gl
def test_a_device_tells_software_from_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    device = open_device()
    context = device.context
    names = {"llvmpipe (LLVM 15)": True, "Google SwiftShader": True, "NVIDIA H200": False, "Mesa Intel UHD": False}
    found = {}
    for name in names:
        monkeypatch.setitem(context.info, "GL_RENDERER", name)
        found[name] = Device(context).is_software
    device.close()
    assert found == names


@pytest.mark.parametrize(("offered", "wanted"), [((430, 330), [430]), ((330,), [430, 330])])
def test_a_context_is_asked_for_by_its_newest_use_first(
    monkeypatch: pytest.MonkeyPatch, offered: tuple[int, ...], wanted: list[int]
) -> None:
    """Some drivers give just the version that is asked for: asked for 3.3 alone, they have no compute shaders."""
    asked: list[int] = []

    def create(**settings: object) -> object:
        asked.append(int(str(settings["require"])))
        if asked[-1] not in offered:
            raise ValueError("too new")
        return object()

    monkeypatch.setattr(moderngl, "create_context", create)
    monkeypatch.setattr("studio.engine.gl.driver.device.Device", lambda *_, **__: None)
    monkeypatch.setattr("sys.platform", "win32")  # one kind of context alone

    open_device()

    assert asked == wanted


def test_too_large_a_picture_for_the_memory_is_refused_by_layer_and_a_smaller_one_still_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = tiny_network()
    engine = TorchEngine(made, "cpu")
    small = {"input": np.ones((3, 8, 8), np.float32)}
    engine.run(small)
    before = engine.output()

    def exhausted(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 6912000000 bytes")

    name = made.graph.nodes[0].name
    with monkeypatch.context() as patched:
        patched.setattr(type(made.graph.nodes[0].op), "torch", exhausted)
        with pytest.raises(StudioError, match=f'Layer "{name}" needs more memory'):
            engine.run({"input": np.ones((3, 16, 16), np.float32)})
    engine.run(small)
    np.testing.assert_array_equal(engine.output(), before)
