"""``studio doctor``."""

from __future__ import annotations

import os
import platform
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import Facts, print_json

_PACKAGES = ("torch", "numpy", "moderngl", "av", "opencv-python-headless", "PySide6-Essentials")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Say what this machine can do: OpenGL, engines, codecs, cameras. Put it into bug reports."""
    facts = _facts()
    if as_json:
        print_json(facts)
        return
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        shown = "\n".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name, escape(shown))
    Facts().print(table)


def _facts() -> dict[str, object]:
    import torch

    from studio import __version__, paths
    from studio.engine.choose import choose, probe_gl
    from studio.engine.torch.device import best_device
    from studio.io.sinks import codecs
    from studio.io.sources.camera import list_cameras
    from studio.runtime.services.log import log_path

    probe = probe_gl()
    choice = choose(probe)
    is_cuda = best_device().type == "cuda"
    slowly = ", but slowly: it is made for GPUs" if probe.is_software else ""
    no_compute = probe.problem or f"needs OpenGL 4.3, this is {probe.version}"
    return {
        "studio": __version__,
        "system": f"{platform.platform()}, Python {platform.python_version()}",
        "packages": {name: _version(name) for name in _PACKAGES},
        "data": str(paths.DATA),
        "log": "none: there is no home folder" if log_path().is_relative_to(os.devnull) else str(log_path()),
        "OpenGL": probe.problem
        or f"{probe.renderer}, {probe.version}, textures up to {probe.max_texture}"
        + (" (software)" if probe.is_software else ""),
        "engines": {
            "gl": "works" if probe.has_compute else f"does not work: {no_compute}",
            "gl-half": f"works{slowly}" if probe.has_compute else f"does not work: {no_compute}",
            "gl-fragment": "works" if not probe.problem else f"does not work: {probe.problem}",
            "torch": f"works on {best_device().type}, {torch.get_num_threads()} threads; {_loops()}",
            **dict.fromkeys(("torch-tf32", "torch-half"), "works" if is_cuda else "as torch: there is no NVIDIA card"),
        },
        "auto": f"{choice.name}, because {choice.reason}",
        "codecs": {c.name: f"{'works' if c.works else 'does not work'} ({c.description})" for c in codecs()},
        "plug-ins": _plugins(),
        "cameras": ", ".join(f"camera:{n}" for n in list_cameras()) or "none found",
    }


def _loops() -> str:
    from studio.engine.torch.device import best_device
    from studio.lanes import machine

    device = best_device()
    if device.type == "cuda":
        from studio.engine.cuda.compiler import problem

        said = problem()
        return f"bends through PyTorch alone, which is slower: {said}" if said else "bends as kernels of CUDA"
    found = machine.machine()
    if found is None or not machine.works():
        return f"bends through PyTorch alone, which is slower: {machine.problem()}"
    return f"bends compiled for {found.name}, {found.lanes} numbers at a time"


def _plugins() -> dict[str, object] | str:
    """What is installed, and what is wrong with it."""
    from studio.model.declared.plugins import loaded
    from studio.plugin import check

    problems = check()
    found: dict[str, object] = {str(plugin): "works" for plugin in loaded()}
    found |= {f"problem {number}": sentence for number, sentence in enumerate(problems, start=1)}
    return found or "none installed"


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
