"""A bag of named tensors as a network: which architecture they are, and its layers."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

from studio.errors import StudioError, choices
from studio.io.importers import architectures as package
from studio.io.importers._draft import Weight
from studio.io.importers._state_dict.kinds import kind_of
from studio.io.importers._state_dict.weight_norms import plain_weights
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.io.importers.base import Imported, Known, Options, finished
from studio.io.stored import Stored
from studio.model.declared.plugins import answer, guarded
from studio.model.declared.registry import declared

_SHOWN = 6


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


@dataclass(frozen=True)
class TensorSet:
    """Named tensors of a file.

    Attributes:
        tensors: as float32, by the file's names.
        leftover: single whole numbers besides.
        file: every tensor as it lies there.
        skipped: names of those whose numbers no layer holds: sparse, quantised or complex ones.
    """

    tensors: Tensors
    leftover: dict[str, int]
    file: Mapping[str, Stored]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A set of tensors that may be the network.

    Attributes:
        label: where it lies in the file, "ema" or "models.netG"; empty for the file itself.
        read: gives the tensors, which takes time.
        names: of them.
    """

    label: str
    read: Callable[[], TensorSet]
    names: tuple[str, ...]


# What checkpoints call their parts, best first: averages of weights are what authors show their pictures with.
_RANKS = (
    ("ema", "average", "avg"),
    ("generator", "netg", "gen", "g", "g_a", "g_ab", "model_g", "g_state_dict"),
    ("state_dict", "model_state_dict", "model", "params", "net", "network", "weights", "module", ""),
)
_LAST = ("optim", "sched", "exp_avg", "scaler", "step")
_WORSE = (
    *("disc", "netd", "d_", "model_d", "critic", "vgg", "loss", "criterion", "lpips", "percept"),
    *("metric", "ssim", "psnr", "fid", "evaluator", "val_", "train_", "test_"),
)


def _rank(label: str) -> int:
    words = [part.lower() for part in label.split(".")] or [""]
    if any(mark in word for word in words for mark in _LAST):
        return 9
    if any(word.startswith(_WORSE) or word == "d" for word in words):
        return 5
    if any(mark in word for word in words for mark in _RANKS[0]):
        return 0
    return next((k for k, known in enumerate(_RANKS[1:], 1) if words[-1] in known), 3)


def chosen(
    found: Sequence[Candidate], path: Path, kind: str, options: Options, notes: tuple[str, ...] = ()
) -> Imported:
    """The network of the best of several sets of tensors: the one asked for, else the first in rank that fits.

    Raises:
        StudioError: where none fits, as `matched` does for the best of them, or there is none of that name.
    """
    ranked = _ranked(found)
    offered = [candidate for candidate in ranked if _rank(candidate.label) < 9]
    if options.pick:
        ranked = [candidate for candidate in ranked if candidate.label == options.pick]
        if not ranked:
            labels = ", ".join(candidate.label for candidate in offered[:6] if candidate.label)
            rest = f"there are {labels}" if labels else "all of them are one set, which is taken without --pick"
            raise StudioError(f'{path}: it has no tensors under "{options.pick}"; {rest}.')
    failed: list[UnmatchedError] = []
    for candidate in ranked:
        known = candidate.read()
        if not known.tensors:
            continue
        try:
            made = matched(known.tensors, known.leftover, path, kind, options, known.file)
        except UnmatchedError as error:
            failed.append(error)
            continue
        others = [other.label for other in offered if other.label not in ("", candidate.label)]
        if candidate.label and others and not options.pick:
            rest = ", ".join(others[:5])
            said = f'Of several sets of tensors "{candidate.label}" was taken; --pick takes another: {rest}.'
            notes = (*notes, said)
        if known.skipped:
            notes = (*notes, f"Sparse, quantised or complex tensors were left out: {', '.join(known.skipped[:3])}.")
        picks = tuple(other.label for other in offered)
        return replace(made, notes=(*notes, *made.notes), picks=picks, pick=candidate.label)
    if not failed:
        raise StudioError(f"{path}: it has no tensor of broken numbers; save the state_dict() as float32.")
    raise max(failed, key=lambda error: error.nearly)


def _ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """The sets and their parts, best first. A part comes after its whole, which it may be torn out of wrongly.

    It comes before the next set, though: a generator beside its critic is not passed over for the critic in a set of
    its own.
    """
    keyed = []
    for whole in found:
        rank = _rank(whole.label)
        keyed.append(((rank, False, rank), whole))
        keyed += [((max(rank, own), True, own), part) for part in _parts(whole) for own in (_rank(part.label),)]
    return [candidate for _, candidate in sorted(keyed, key=lambda pair: pair[0])]


def _parts(candidate: Candidate) -> Iterator[Candidate]:
    """Where a set holds several networks ("generator.", "discriminator."), each of these by itself."""
    firsts = Counter(name.partition(".")[0] for name in candidate.names if "." in name)
    for first, count in firsts.items():
        # A model beside what only training needs is a part, too; beside other parts it may be half of a network.
        trained = _rank(first) == 2 and all(_rank(other) == 5 for other in firsts if other != first)
        if len(firsts) > 1 and count > 1 and (trained or _rank(first) in (0, 1, 5)):
            label = f"{candidate.label}.{first}".strip(".")
            names = tuple(name for name in candidate.names if name.startswith(f"{first}."))
            yield Candidate(label, partial(_part, candidate, first), names)


def _part(candidate: Candidate, first: str) -> TensorSet:
    whole, mark = candidate.read(), f"{first}."
    tensors = {name: weight for name, weight in whole.tensors.items() if name.startswith(mark)}
    leftover = {name: count for name, count in whole.leftover.items() if name.startswith(mark)}
    return TensorSet(tensors, leftover, {name: held for name, held in whole.file.items() if name.startswith(mark)})


class UnmatchedError(StudioError):
    """No architecture fits.

    Attributes:
        nearly: how many came near.
    """

    nearly = 0


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
        StudioError: where there is no such architecture as the one asked for.
        UnmatchedError: listing the tensors, where no architecture fits, or saying why the one asked for does not.
    """
    from studio.io.importers._state_dict import spandrel

    known = architectures()
    if options.arch and options.arch not in {a.name for a in known} and not spandrel.has(options.arch):
        raise StudioError(_no_such([a.name for a in known], options.arch))
    reasons = []
    tensors = _whole(tensors, path)
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
                    state=architecture.state,
                )
                return _built(architecture, bare, path, known_of_it, options)
            except StudioError as error:
                reasons.append(f"{architecture.name}: {str(error).rstrip('.')}")
    for prefix, bare in _bare(tensors):
        try:
            made = spandrel.opened(bare, path, Known(kind, "", None, leftover, file, prefix, complete=True), options)
        except StudioError as error:
            reasons.append(str(error).rstrip("."))
            continue
        if made is not None:
            return made
    if not tensors:
        raise StudioError(f"{path}: it holds no tensors; save the model's state_dict, or fetch the file anew.")
    nearly = f" Nearly fitting: {'; '.join(dict.fromkeys(reasons))}." if reasons else ""
    fits = ("fit no architecture that the studio knows", f"do not fit the architecture {options.arch}")[
        bool(options.arch)
    ]
    failed = UnmatchedError(
        f"{path}: these tensors {fits}: {_listed(tensors)}.{kind_of(tensors)}{nearly} "
        'In Python, studio.export_torch(module, example, "mine") opens any module whose code you have.'
    )
    failed.nearly = len(reasons)
    raise failed


def _whole(tensors: Tensors, path: Path) -> dict[str, Weight]:
    try:
        return plain_weights(tensors)
    except StudioError as error:
        raise StudioError(f"{path}: {error}") from error


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
    if architecture.mean and not (options.mean or options.std or options.input_range):
        options = replace(options, mean=architecture.mean, std=architecture.std)
    if architecture.build is None:
        return _by_its_trace(architecture, tensors, path, known, options)
    size = options.input_size or architecture.size
    sketch = Sketch(
        tensors,
        size,
        architecture.input_range,
        statistics=options.statistics,
        drops=options.dropout,
        asked=options.output,
    )
    try:
        with guarded(architecture.build):
            output = architecture.build(sketch)
    except _UNFIT as error:
        raise StudioError(_unfit(error)) from error
    unused = sorted(tensors.keys() - sketch.used)
    if unused and not architecture.partial:
        raise StudioError(f"it has no layer for {', '.join(unused[:3])}")
    if architecture.order == "bgr" and options.order is None:
        options = replace(options, order=architecture.order)
    return finished(sketch.draft, output, path, known, options)


# What sizes that do not go together make Python and PyTorch raise.
_UNFIT = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def _unfit(error: Exception) -> str:
    return f"its tensors do not fit each other ({' '.join(str(error).split())[:200].rstrip('.')})"


def _by_its_trace(architecture: Architecture, tensors: Tensors, path: Path, known: Known, options: Options) -> Imported:
    """The network of an architecture that is told in PyTorch's functions."""
    import torch

    from studio.io.importers.architectures._told import told
    from studio.io.importers.module import imported_module

    assert architecture.forward is not None
    module, parts = told(tensors, architecture.forward)
    own = architecture.size if architecture.sized is None else architecture.sized(tensors)
    size = options.input_size or own
    try:
        channels = next(tensors[name].values.shape[1] for name in architecture.reads if name in tensors)
        example = torch.rand(1, channels, *size, generator=torch.Generator().manual_seed(0))
        with guarded(architecture.forward), torch.no_grad():
            module(example)
    except _UNFIT as error:
        raise StudioError(_unfit(error)) from error
    if unused := sorted(parts.names - parts.used):
        raise StudioError(f"it has no layer for {', '.join(unused[:3])}")
    return imported_module(module, example, path, options, known)[0]


def _no_such(names: list[str], asked: str) -> str:
    if close := difflib.get_close_matches(asked, names, n=1, cutoff=0.75):
        return f'There is no architecture "{asked}"; did you mean "{close[0]}"?'
    return f'There is no architecture "{asked}"; nearest are {choices(names, asked)}, see docs/operators.md.'


def _listed(tensors: Tensors) -> str:
    shown = [f"{name} {'×'.join(map(str, weight.values.shape))}" for name, weight in list(tensors.items())[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else "")
