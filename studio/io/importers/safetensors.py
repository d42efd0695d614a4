"""State dicts as .safetensors."""

from __future__ import annotations

from pathlib import Path

from studio.io.folders import is_file
from studio.io.importers._draft import Weight
from studio.io.importers._state_dict.match import matched
from studio.io.importers.base import Imported, Options, check_size
from studio.io.importers.state_dict import is_saved
from studio.io.safetensors_file import read_tensors
from studio.io.stored import LIMIT


class Safetensors:
    """State dicts of Hugging Face's format."""

    name = "safetensors"
    suffixes = (".safetensors",)

    def match(self, path: Path) -> bool:
        """By its suffix, unless it is PyTorch's own file under that name."""
        return is_file(path) and path.suffix.lower() in self.suffixes and not is_saved(path)

    def open(self, path: Path, options: Options) -> Imported:
        """The tensors, and the architecture that they fit."""
        file = read_tensors(path, LIMIT)
        # Floats of half the width, and those of a byte, become four bytes each.
        check_size(sum(4 * tensor.values.size for tensor in file.values()), path)
        numbers = {name: tensor.numbers() for name, tensor in file.items()}
        floats = {name: Weight(values, (name,)) for name, values in numbers.items() if values is not None}
        whole = {name: tensor.values for name, tensor in file.items() if tensor.values.dtype.kind in "iu"}
        leftover = {name: int(whole[name].flat[0]) for name in whole.keys() - floats if whole[name].size == 1}
        return matched(floats, leftover, path, self.name, options, file)


IMPORTER = Safetensors()
