"""Keras models: .keras, .h5, and weights beside the JSON of their architecture. No code of theirs is run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._archive import check_archive, is_zip, member
from studio.io.importers._draft import Draft
from studio.io.importers._keras.hdf5 import HDF5, Contents, read_hdf5
from studio.io.importers._keras.model import Json, model_of
from studio.io.importers._keras.run import Reading
from studio.io.importers._keras.table import Saved
from studio.io.importers._keras.weights import Weights
from studio.io.importers._meanings.simplify import simplify
from studio.io.importers._onnx.ends import listed
from studio.io.importers._sizes.twice import read_twice
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.io.stored import stored
from studio.model.declared.size import Size

_LONGEST = 64 * 2**20


class Keras:
    """What ``model.save`` and ``model.save_weights`` write, of Keras 2 and 3."""

    name = "Keras"
    suffixes = (".keras", ".h5", ".hdf5")

    def match(self, path: Path) -> bool:
        """By what it begins with, or its suffix; the JSON of an architecture by what it holds."""
        if not is_file(path):
            return False
        with open_regular(path) as (file, _):
            begins = file.read(len(HDF5))
        return begins == HDF5 or path.suffix.lower() in self.suffixes or _is_architecture(path)

    def open(self, path: Path, options: Options) -> Imported:
        """Its layers by the JSON in it, and their weights."""
        try:
            model, held, saved = _parts(path)
            return opened(model, held.weights, saved, path, options, self.name)
        # The file's word is taken for its form; where that was wrong, it is damaged.
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise StudioError(f"{path}: it is damaged or cut short ({str(error)[:100]}); save it anew.") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith(str(path)) else f"{path}: {text}") from error


IMPORTER = Keras()


def opened(model: Json, weights: Weights, saved: Saved, path: Path, options: Options, kind: str) -> Imported:
    """The network of a model's JSON and its weights.

    Raises:
        StudioError: naming the layer that is at fault.
    """
    described = model_of(model)
    ends: list[tuple[tuple[str, ...], str]] = []

    def read(size: Size | None) -> tuple[Draft, str]:
        reading = Reading(described, weights, replace(options, input_size=size or options.input_size), saved)
        output, names, taken = reading.run()
        ends.append((names, taken))
        return reading.flow.draft, simplify(reading.flow.draft, output)

    draft, output, fixed = read_twice(read, any_size=True)
    outputs, picked = ends[0]
    held = {name: tensor for name, values in weights.all.items() if (tensor := stored(values)) is not None}
    known = Known(kind, stored=held, outputs=outputs, picked=picked, fixed=fixed)
    return finished(draft, output, path, known, options)


def _parts(path: Path) -> tuple[Json, Contents, Saved]:
    """The model's JSON, what its HDF5 file holds, and who saved it."""
    if is_zip(path):
        names = check_archive(path)
        if "config.json" not in names or "model.weights.h5" not in names:
            raise StudioError("the archive holds no Keras model (config.json, model.weights.h5); save it anew.")
        said = json.loads(member(path, "metadata.json")) if "metadata.json" in names else {}
        model = json.loads(member(path, "config.json"))
        return model, read_hdf5(member(path, "model.weights.h5"), path), _saved(said)
    if _is_architecture(path):
        model = said_in(path)
        return model, read_hdf5(_weights_beside(path), path), _saved(model)
    held = read_hdf5(path, path)
    if "model_config" in held.said:
        return json.loads(held.said["model_config"]), held, _saved(held.said)
    beside = _architecture_beside(path)
    if beside is None:
        shown = f" ({listed(held.layers)})" if held.layers else ""
        raise StudioError(
            f"it holds weights alone{shown}, not what their layers are; save the whole model, model.save('x.keras'), "
            f"or put its architecture beside it: open('{_stem(path)}.json', 'w').write(model.to_json())."
        )
    model = said_in(beside)
    return model, held, _saved({**model, **held.said})


def _saved(said: Mapping[str, Any]) -> Saved:
    """Who saved it, by what the file says; Keras 3 where it is written as only that does."""
    if "keras_version" in said:
        return Saved(str(said["keras_version"]), str(said.get("backend", "")))
    return Saved("3" if '"batch_shape"' in json.dumps(said) else "", str(said.get("backend", "")))


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".weights")


def _is_architecture(path: Path) -> bool:
    if path.suffix.lower() != ".json":
        return False
    try:
        said = said_in(path)
    except StudioError:
        return False
    return "class_name" in said and "config" in said


def said_in(path: Path) -> Json:
    """What a file of JSON says of a model; StudioError where it says nothing of one."""
    with open_regular(path) as (file, size):
        check_size(size, path)
        data = file.read(_LONGEST + 1)
    try:
        said = json.loads(data) if len(data) <= _LONGEST else None
    except (ValueError, RecursionError) as error:
        raise StudioError(f"{path}: this is no JSON, or it is cut short; fetch it anew.") from error
    if not isinstance(said, dict):
        raise StudioError(f"{path}: this is no description of a model.")
    return said


def _architecture_beside(path: Path) -> Path | None:
    """The JSON that lies beside weights: under their name, else the only one that is an architecture."""
    own = path.with_name(f"{_stem(path)}.json")
    if is_file(own) and _is_architecture(own):
        return own
    others = [other for other in sorted(path.parent.glob("*.json"))[:64] if is_file(other) and _is_architecture(other)]
    return others[0] if len(others) == 1 else None


def _weights_beside(path: Path) -> Path:
    stems = (f"{path.stem}.weights.h5", f"{path.stem}.h5", f"{path.stem}.hdf5", f"{path.stem}_weights.h5")
    named = [path.with_name(stem) for stem in stems]
    found = next((other for other in named if is_file(other)), None)
    others = sorted(path.parent.glob("*.h5"))
    if found is None and len(others) != 1:
        raise StudioError(f"this is the architecture of a Keras model; put its weights beside it, as {stems[0]}.")
    return found or others[0]
