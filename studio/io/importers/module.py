"""``studio.export_torch``: a PyTorch module as a network of the studio, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.network import Network

if TYPE_CHECKING:
    import torch

    from studio.io.importers._traced.module import Trace
    from studio.io.importers.base import Imported, Known, Options


@dataclass(frozen=True)
class Exported:
    """What `export_torch` made.

    Attributes:
        path: the network's folder.
        network: as it was saved.
        relative_error: L2 norm of (the studio's output - the module's), over that of the module's; the largest of
            those on the example, on a picture and on noise.
        notes: remarks, each a sentence: which sizes it takes, which output was taken.
    """

    path: Path
    network: Network
    relative_error: float
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        count = len(self.network.graph.nodes)
        said = f"{self.path}: {count} layers, relative error {self.relative_error:.2e} on the example"
        return "\n".join([said, *self.notes])


def export_torch(
    module: torch.nn.Module,
    example: torch.Tensor | Sequence[torch.Tensor],
    path: str | Path,
    *,
    fold: bool = False,
    range: tuple[float, float] | None = None,  # noqa: A002 - as the command's option is called
    mean: float | Sequence[float] = (),
    std: float | Sequence[float] = (),
    order: ChannelOrder | None = None,
    output: str = "",
    output_range: tuple[float, float] | None = None,
    output_mean: float | Sequence[float] = (),
    output_std: float | Sequence[float] = (),
    luma: bool | None = None,
    state: str = "",
    description: str = "",
    license: str = "",  # noqa: A002 - as the network's own field is called
    input_range: tuple[float, float] | None = None,
) -> Exported:
    """Save a module as a network that runs in the studio; its parameters name the layers.

    The module is traced in evaluation mode, and left in the mode it was in, at the example's size and at a second one;
    what it works out from the size follows the size in the studio, too, and where it cannot, the network takes pictures
    of the example's size alone, and says so. Nothing is folded: batch norms stay layers of their own, dropout
    disappears. The network is then run through the studio and compared with the module, at every size that it takes.

    Args:
        module: what takes the example and returns a tensor, or several.
        example: (1, C, H, W), or a vector (1, C), for every input.
        path: the folder to make; a network that is there is replaced.
        fold: whether batch norms are folded into the convolutions before them.
        range: the values that black and white have in its inputs; 0 and 1 where not given.
        mean: taken off each channel of a picture in that range: one number, or one for each channel.
        std: what each channel is then divided by.
        order: of the channels, "rgb" or "bgr".
        output: which tensor is taken of a module that returns several: "0", "1" or, of a dict, its key; the first map
            where not given.
        output_range: the values of its output that are black and white; the inputs' where not given.
        output_mean: added to each channel of its output, after it was multiplied by ``output_std``, before that range.
        output_std: what each channel of its output is multiplied by.
        luma: whether it is fed the picture's luma, whose colour is put back onto an output of one channel.
        state: for a cellular automaton, whose output is its input in the next step: what it begins as, "zeros",
            "seed", "noise", "noise,seed=3" or "picture"; of a network that hands states on beside its picture, besides
            that, the output that an input is in the next step where names and shapes do not say so: "zeros,h=2" or,
            of a dict, "zeros,h_in=h_out". What it draws at random is drawn by seed and step.
        description: one line.
        license: of the weights.
        input_range: the older name of ``range``.

    Raises:
        StudioError: naming operator and layer for what is not supported, where the module decides by values, or where
            the studio's output is not the module's.
    """
    from studio.io.importers.base import Options
    from studio.io.origin import save_imported

    options = Options(
        input_range=range or input_range,
        mean=_numbers(mean),
        std=_numbers(std),
        order=order,
        output_range=output_range,
        colour=None if luma is None else "input" if luma else "own",
        output=output,
        output_mean=_numbers(output_mean),
        output_std=_numbers(output_std),
        state=state,
    )
    made, error = imported_module(module, example, Path(path), options, fold=fold)
    network = replace(made.network, description=description, license=license)
    save_imported(replace(made, network=network), Path(path))
    return Exported(Path(path), network, error, made.notes)


def imported_module(
    module: torch.nn.Module,
    example: torch.Tensor | Sequence[torch.Tensor],
    path: Path,
    options: Options,
    known: Known | None = None,
    *,
    fold: bool = False,
) -> tuple[Imported, float]:
    """A module as an imported network, and its relative error; nothing is written.

    Raises:
        StudioError: as `export_torch` does.
    """
    import torch

    from studio.io.importers._state import hands_on
    from studio.io.importers._traced.module import evaluating, traced

    if not isinstance(module, torch.nn.Module):
        raise StudioError(
            f"It takes a torch.nn.Module, not {type(module).__name__}; build it and load its state dict into it."
        )
    examples = _examples(example)
    whole = hands_on(options.state, [""] * len(examples))
    with evaluating(module):
        trace = traced(module, examples, fold, options.output, whole=whole)
        try:
            made, error = _checked_network(module, examples, path, options, known, trace)
        except StudioError:
            if len(trace.sizes) < 2:
                raise
            # What two sizes seemed to tell was told by chance.
            trace = traced(module, examples, fold, options.output, whole=whole, alone=True)
            made, error = _checked_network(module, examples, path, options, known, trace)
    return made, error


def _checked_network(
    module: torch.nn.Module,
    examples: tuple[torch.Tensor, ...],
    path: Path,
    options: Options,
    known: Known | None,
    trace: Trace,
) -> tuple[Imported, float]:
    """The network of a trace, compared with the module, which is in evaluation mode."""
    from studio.io.importers._checked import checked
    from studio.io.importers._state import stated
    from studio.io.importers.base import Known, finished
    from studio.io.stored import stored_of

    if len(trace.outputs) > 1 and not options.output and not trace.draft.others:
        others = ", ".join(name for name in trace.outputs if name != trace.picked)
        trace.draft.notes.append(
            f'It returns {len(trace.outputs)} tensors; "{trace.picked}" was taken, output= takes another: {others}.'
        )
    known = known or Known("PyTorch module", stored=stored_of(module.state_dict()), complete=True)
    known = replace(known, fixed=bool(trace.fixed), outputs=trace.outputs, picked=trace.picked)
    made = finished(trace.draft, trace.output, path, known, options)
    check = checked(module, examples, made.network, trace)
    # The module goes on learning in its own memory, and what was made of it stays what it was.
    network = check.network.with_tensors({name: np.array(tensor) for name, tensor in check.network.tensors.items()})
    made = replace(made, network=network, notes=(*made.notes, *check.notes))
    return stated(made, options.state), check.error


def _numbers(given: float | Sequence[float]) -> tuple[float, ...]:
    return (float(given),) if isinstance(given, (int, float)) else tuple(float(number) for number in given)


def _examples(example: torch.Tensor | Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    import torch

    found = (example,) if isinstance(example, torch.Tensor) else tuple(example)
    if not found or not all(isinstance(tensor, torch.Tensor) for tensor in found):
        raise StudioError("The example must be a tensor of (1, channels, height, width), or one for every input.")
    for tensor in found:
        if not tensor.is_floating_point():
            raise StudioError(
                f"The example is of {str(tensor.dtype).removeprefix('torch.')}; the studio feeds pictures and vectors, "
                "which are floats."
            )
    return tuple(tensor.detach().to("cpu", torch.float32) for tensor in found)
