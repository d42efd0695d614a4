"""A bag of named tensors as a network: which architecture they are, and its layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

from studio.errors import StudioError
from studio.io.importers import architectures as package
from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.base import Imported, Known, Options, finished
from studio.io.stored import Stored
from studio.model.plugins import answer, guarded
from studio.model.registry import declared

_SHOWN = 24


def architectures() -> list[Architecture]:
    """All that are known; where several fit, the first of those that build is taken, guesses last."""
    found = [
        cast(Architecture, known)
        for known in declared("ARCHITECTURE", package.__name__, package.__path__, _check_architecture)
    ]
    return sorted(found, key=lambda known: (known.partial, known.name == "autoencoder", known.name))


def _check_architecture(found: object) -> None:
    if not isinstance(found, Architecture):
        raise StudioError("it is no Architecture")


def matched(
    tensors: Tensors, leftover: dict[str, int], path: Path, kind: str, options: Options, file: Mapping[str, Stored]
) -> Imported:
    """The network that these tensors are the weights of.

    Args:
        tensors: as float32, by the file's names.
        leftover: single whole numbers besides.
        path: of the file.
        kind: its format, for people.
        options: what the person asks for.
        file: every tensor as it lies there.

    Raises:
        StudioError: listing the tensors, where no architecture fits, or saying why the one asked for does not.
    """
    known = architectures()
    if options.arch and options.arch not in {a.name for a in known}:
        raise StudioError(f'There is no architecture "{options.arch}"; there are {", ".join(a.name for a in known)}.')
    reasons = []
    for prefix, bare in _bare(tensors):
        for architecture in known:
            asked = options.arch == architecture.name
            if (options.arch and not asked) or not _may_be(architecture, bare):
                continue
            try:
                known_of_it = Known(
                    kind,
                    architecture.name,
                    architecture.output_range,
                    leftover,
                    file,
                    prefix,
                    complete=True,
                    colour=architecture.colour,
                )
                return _built(architecture, bare, path, known_of_it, options)
            except StudioError as error:
                reasons.append(f"{architecture.name}: {str(error).rstrip('.')}")
    nearly = f" Nearly fitting: {'; '.join(dict.fromkeys(reasons))}." if reasons else ""
    wanted = f"the architecture {options.arch}" if options.arch else "no architecture that the studio knows"
    raise StudioError(
        f"{path}: these tensors fit {wanted}{' not' if options.arch else ''}: {_listed(tensors)}.{nearly} "
        'In Python, studio.export_torch(module, example, "weights/mine") opens any module whose code you have.'
    )


def _may_be(architecture: Architecture, tensors: Tensors) -> bool:
    return answer(architecture.matches, partial(architecture.matches, tensors), otherwise=False)


def _bare(tensors: Tensors) -> list[tuple[str, dict[str, Weight]]]:
    """The tensors under their names, then without what all names begin with, "module.", "generator."; and that."""
    prefix, bare = "", dict(tensors)
    found = [(prefix, bare)]
    while bare and len(first := {name.partition(".")[0] for name in bare}) == 1 and "" not in bare:
        shorter = {}
        for name, weight in bare.items():
            rest = name.partition(".")[2]
            shorter[rest] = Weight(weight.values, tuple(origin.partition(".")[2] for origin in weight.origin))
        if not all(shorter):
            break
        prefix, bare = f"{prefix}{first.pop()}.", shorter
        found.append((prefix, bare))
    return found


def _built(architecture: Architecture, tensors: Tensors, path: Path, known: Known, options: Options) -> Imported:
    sketch = Sketch(tensors, options.input_size or architecture.size, architecture.input_range)
    with guarded(architecture.build):
        output = architecture.build(sketch)
    unused = sorted(tensors.keys() - sketch.used)
    if unused and not architecture.partial:
        raise StudioError(f"it has no layer for {', '.join(unused[:3])}")
    return finished(sketch.draft, output, path, known, options)


def _listed(tensors: Tensors) -> str:
    shown = [f"{name} {'×'.join(map(str, weight.values.shape))}" for name, weight in list(tensors.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else "")
