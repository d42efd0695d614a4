"""Fixtures of all tests: OpenGL once a session, and each of the three engines in turn."""

from __future__ import annotations

import gc
import os
import random
import secrets
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import ENGINES, EngineFor, on_torch, without
from hypothesis import HealthCheck, settings

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.errors import StudioError
from studio.model.networks.network import Network

TESTS = Path(__file__).parent

# Mesa's software rasteriser, before any context is made: the tests compile thousands of shaders that run once or twice.
os.environ.setdefault("GALLIVM_PERF", "nopt")
# For vectors of 256 bits LLVM makes more code, and takes a third longer. `make test-slow` has them all the same.
os.environ.setdefault("LP_NATIVE_VECTOR_WIDTH", "128")

_SEED = pytest.StashKey[int]()

settings.register_profile(
    "studio",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("studio")

GL_ENGINES = frozenset({"gl", "gl-half", "gl-shared", "gl-fragment"})
_CLASSES = {"gl": GLEngine, "gl-fragment": GLFragmentEngine}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fresh", type=int, default=5, help="how many new cases each generated test makes besides")
    parser.addoption("--examples", type=int, default=None, help="how many fixed cases each generated test runs at most")
    parser.addoption("--seed", type=int, default=None, help="of what generated tests make besides the fixed cases")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of this run: a fresh one, or the same with ``--fresh=0``; workers of pytest-xdist share it."""
    given = getattr(config, "workerinput", {}).get("seed", config.getoption("--seed"))
    if given is None:
        given = secrets.randbelow(2**31) if config.getoption("--fresh") else 1
    config.stash[_SEED] = int(given)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["seed"] = node.config.stash[_SEED]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a window, OpenGL or films by where it lies and what it uses, so that no test has to say it."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if item.path.is_relative_to(TESTS / "ui"):
            item.add_marker("window")
        if used & {"gl_device", "gl_class", "gl_app"} or _runs_on_gl(item):
            item.add_marker("gl")
        # "made" is the command line's folder with a film in it.
        if "made" in used or _knows_films(getattr(item, "module", item)):
            item.add_marker("film")


def _runs_on_gl(item: pytest.Item) -> bool:
    """Whether it was given an engine's name, as tests are that open it themselves."""
    given = getattr(item, "callspec", None)
    return given is not None and any(value in GL_ENGINES for value in given.params.values() if isinstance(value, str))


@cache
def _knows_films(module: object) -> bool:
    return "films" in vars(module) or any(getattr(v, "__module__", "") == "films" for v in vars(module).values())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let random weights of a test be those of the run's seed, whatever ran in this process before it."""
    seed = item.config.stash[_SEED]
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """After its fixed examples run a generated test on a few that are new in every run."""
    test = pyfuncitem.obj
    if not getattr(test, "is_hypothesis_test", False):
        return (yield)
    wrapper = getattr(test, "__func__", test)
    usual = wrapper._hypothesis_internal_use_settings
    fixed = usual or settings.default
    most: int | None = pyfuncitem.config.getoption("--examples")
    if most is not None:
        wrapper._hypothesis_internal_use_settings = settings(fixed, max_examples=min(most, fixed.max_examples))
    try:
        result = yield
    finally:
        wrapper._hypothesis_internal_use_settings = usual
    fresh: int = pyfuncitem.config.getoption("--fresh")
    if not fresh:
        return result
    wrapper._hypothesis_internal_use_settings = settings(
        fixed, derandomize=False, max_examples=min(fresh, fixed.max_examples)
    )
    wrapper._hypothesis_internal_use_seed = pyfuncitem.config.stash[_SEED]
    try:
        test(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
    finally:
        wrapper._hypothesis_internal_use_settings = usual
        wrapper._hypothesis_internal_use_seed = None
    return result


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector pass over modules and tests, which stay: looking at them takes a tenth of the time."""
    del session
    gc.collect()
    gc.freeze()


def pytest_report_header(config: pytest.Config) -> str:
    return f"generated tests: --seed={config.stash[_SEED]}"


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    # Said again at the end, since -q leaves the header out.
    if exitstatus:
        terminalreporter.write_line(f"generated tests ran with --seed={config.stash[_SEED]}")


@pytest.fixture(scope="session")
def fresh_seed(request: pytest.FixtureRequest) -> int:
    """A number that is another in every run but with ``--fresh=0``, and is printed; `--seed` brings a run back."""
    return request.config.stash[_SEED]


@pytest.fixture(scope="session")
def gl_device() -> Iterator[Device]:
    """One OpenGL context, and its compiled shaders, for the whole session."""
    try:
        device = open_device()
    except StudioError as error:
        without("gl", str(error))
    yield device
    device.close()


@pytest.fixture
def device(gl_device: Device) -> Iterator[Device]:
    """The session's device, current, and without an error before and after."""
    gl_device.use()
    assert gl_device.context.error == "GL_NO_ERROR"
    yield gl_device
    gl_device.use()
    assert gl_device.context.error == "GL_NO_ERROR"


@pytest.fixture
def compute_shaders(device: Device) -> None:
    """Skips a test where there are none."""
    if not device.has_compute:
        pytest.skip("no compute shaders here")


@pytest.fixture(params=[name if name == "torch" else pytest.param(name, marks=pytest.mark.gl) for name in ENGINES])
def engine_for(request: pytest.FixtureRequest) -> Iterator[EngineFor]:
    """Opens a network in each of the engines in turn; what it opened is closed after the test."""
    name: str = request.param
    gl = None if name == "torch" else request.getfixturevalue("device")
    opened: list[Engine] = []

    def open_one(network: Network) -> Engine:
        opened.append(on_torch(network) if gl is None else _CLASSES[name](network, gl))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.gl) for name in _CLASSES])
def gl_class(request: pytest.FixtureRequest) -> type[GLEngine] | type[GLFragmentEngine]:
    """Each of the GL engines in turn."""
    found: type[GLEngine] | type[GLFragmentEngine] = _CLASSES[request.param]
    return found
