"""Folders of .npy files: named as a state dict is, or Keras kernels (HWIO, transposed HWOI) of a chain of layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.io.folders import contained, is_file, is_folder
from studio.io.importers._draft import Draft, Weight
from studio.io.importers._kernels import Kernels, looks_like_sheet, read_kernel
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._state_dict.match import matched
from studio.io.importers._values.views import Value, constant, shown
from studio.io.importers.base import Imported, Known, Options, asked, check_size, finished
from studio.io.manifest import checked, read_manifest
from studio.io.networks import KIND, MANIFEST, MIGRATIONS, VERSION, assembled, load_network
from studio.io.npy import read_npy
from studio.io.stored import Stored
from studio.model.declared.size import Size
from studio.model.networks.shape import Array, Shape

_MOST_FILES = 4096
_SIZE = Size(28, 28)
_SIDE = 256


class NpyFolder:
    """Folders with one .npy for every tensor."""

    name = "folder of .npy"
    suffixes = ("a folder",)

    def match(self, path: Path) -> bool:
        """Any folder with a network.json, or with .npy files where it is not one of TensorFlow.js."""
        if not is_folder(path) or is_file(path / MANIFEST):
            return is_folder(path)
        return not is_file(path / "model.json") and next(path.rglob("*.npy"), None) is not None

    def open(self, path: Path, options: Options) -> Imported:
        """By its network.json, as a chain of Keras kernels, or by the names of its tensors."""
        if is_file(path / MANIFEST):
            return _described(path, options)
        arrays = _arrays(path)
        if any(name.endswith("_kernel") for name in arrays):
            return _chain(arrays, path, options)
        if sheet := next((name for name, array in arrays.items() if looks_like_sheet(array)), ""):
            raise StudioError(
                f"{path}: {sheet}.npy looks like a picture of kernels by make_grid, which does not say the layers; say "
                'them, and "kernels": {"sheet": {"nrow": 8, "padding": 2}}, in a network.json (see docs/formats.md).'
            )
        weights = {name.replace("/", "."): Weight(array, (name,)) for name, array in arrays.items()}
        return matched(weights, {}, path, self.name, options, _stored(arrays))


IMPORTER = NpyFolder()


def _described(path: Path, options: Options) -> Imported:
    """What a network.json describes, in the studio's own layout or in the one that it names."""
    file = path / MANIFEST
    document = read_manifest(file, KIND, VERSION, MIGRATIONS)
    said = document.pop("kernels", None)
    names: dict[str, tuple[str, ...]] = {}
    held: dict[str, Stored] = {}
    if said is None:
        network = load_network(path)
    else:
        kernels = checked(Kernels, said, f'{file}, "kernels"')

        def tensor(name: str, shape: tuple[int, ...]) -> Array:
            stem, values, array = read_kernel(path, kernels, name, shape)
            names[name], held[stem] = (stem,), Stored("F32", array)
            check_size(sum(each.values.nbytes for each in held.values()), path)
            return values

        network = assembled(document, file, tensor)
    graph = network.graph
    size = options.input_size or graph.fitting_size(graph.only_size or Size(_SIDE, _SIDE))
    channels = graph.shapes({i.name: size for i in graph.inputs})[graph.output].channels
    network = network.with_values(asked(options, channels))
    kind = "network of the studio" if said is None else "folder of kernels with a network.json"
    return Imported(network, kind, size, names, stored=held, complete=bool(held))


def _arrays(path: Path) -> dict[str, Array]:
    """Every array by its path within the folder, without the suffix."""
    files = sorted(path.rglob("*.npy"))[: _MOST_FILES + 1]
    if not files or len(files) > _MOST_FILES:
        raise StudioError(f"{path}: there are {'no' if not files else 'too many'} .npy files in this folder.")
    try:
        check_size(sum(file.stat().st_size for file in files), path)
    except OSError as error:
        raise StudioError(f"{path}: its files cannot be looked up ({error.strerror}); mend the links in it.") from error
    found = {}
    for file in files:
        name = file.relative_to(path).as_posix()
        found[name.removesuffix(".npy")] = read_npy(contained(path, name))
    return found


@dataclass(frozen=True)
class _Kernel:
    """One kernel of Keras, in PyTorch's layout."""

    name: str
    weight: Value
    bias: Value | None
    transposed: bool
    number: int

    @property
    def channels(self) -> tuple[int, int]:
        """In and out."""
        a, b = self.weight.shape[:2]
        return (a, b) if self.transposed else (b, a)


def _kernels(arrays: dict[str, Array], path: Path) -> list[_Kernel]:
    found = []
    for name, array in arrays.items():
        if not name.endswith("_kernel"):
            continue
        stem = name.removesuffix("_kernel")
        if array.ndim != 4:
            raise StudioError(
                f"{path}: {name} has shape {array.shape}, not that of a convolution (height, width, in, out)."
            )
        # HWIO to OIHW, and HWOI to IOHW, are one transposition.
        weight = constant(array.transpose(3, 2, 0, 1), name)
        bias = arrays.get(f"{stem}_bias")
        number = re.search(r"(\d+)$", stem)
        found.append(
            _Kernel(
                stem.replace("/", "."),
                weight,
                None if bias is None else constant(bias, f"{stem}_bias"),
                "transpose" in stem,
                int(number[1]) if number else 0,
            )
        )
    return found


def _chain(arrays: dict[str, Array], path: Path, options: Options) -> Imported:
    waiting = sorted(_kernels(arrays, path), key=lambda k: (not k.name.startswith("enc"), not k.transposed, k.number))
    first = next((k for k in waiting if not k.transposed), waiting[0])
    channels = first.channels[0]
    draft = Draft()
    flow = Flow(draft)
    name = draft.add_input("input", Shape(channels, *(options.input_size or _SIZE)))
    value = shown(name, (1, *draft.shapes[name]))
    while waiting:
        fitting = [kernel for kernel in waiting if kernel.channels[0] == value.shape[1]]
        if not fitting:
            left, count = ", ".join(kernel.name for kernel in waiting), value.shape[1]
            these = "1 channel" if count == 1 else f"{count} channels"
            raise StudioError(
                f"{path}: no kernel of {left} reads {these}, so they make no chain; write a network.json beside them "
                "that says the layers (docs/formats.md)."
            )
        kernel = fitting[0]
        waiting.remove(kernel)
        value = _layer(flow, kernel, value, last=not waiting)
    draft.notes.append(
        "Strides (2, and 1 for a last convolution), ReLU between and a sigmoid at the end are not in these files and "
        "were guessed, as was the order of the kernels; a network.json beside them says it for certain."
    )
    return finished(
        draft, value.node, path, Known("folder of Keras kernels", stored=_stored(arrays), complete=True), options
    )


def _layer(flow: Flow, kernel: _Kernel, value: Value, *, last: bool) -> Value:
    flow.name = kernel.name
    stride = 1 if last and not kernel.transposed else 2
    kh, kw = kernel.weight.shape[2:]
    borders = [*_halves(kw - stride), *_halves(kh - stride)]
    steps = (stride, stride)
    if kernel.transposed:
        made = flow.conv_transpose(value, kernel.weight, kernel.bias, steps, borders, (0, 0), (1, 1), 1)
    else:
        made = flow.conv(value, kernel.weight, kernel.bias, steps, borders, (1, 1), 1)
    flow.name = "output" if last else f"{kernel.name}_relu"
    return flow.each("Sigmoid" if last else "ReLU", made)


def _stored(arrays: dict[str, Array]) -> dict[str, Stored]:
    return {name: Stored("F32", array) for name, array in arrays.items()}


def _halves(total: int) -> tuple[int, int]:
    """TensorFlow's SAME: the larger half behind."""
    return max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
