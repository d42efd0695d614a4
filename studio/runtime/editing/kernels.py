"""Kernels copied, pasted and put back as they were trained: what menus do to the selected tensor.

Whatever takes long goes through `Editing`; each call makes one item of the history, or none where nothing changes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import PrivateAttr

from studio.edits.mix import Mix
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array
from studio.model.views.workspace import Clipboard, Workspace
from studio.runtime.editing.previews import Editing


class _Paste(Edit):
    """Fills the selected kernels from copied ones."""

    label: ClassVar[str] = "Paste"
    in_pieces: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    _copied: Clipboard | None = PrivateAttr(None)

    @classmethod
    def of(cls, copied: Clipboard) -> _Paste:
        edit = cls()
        edit._copied = copied
        return edit

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        assert self._copied is not None
        grid = kernel_grid(tensor.shape)
        kernels = resized(self._copied.kernels, grid[2], grid[3])
        flat, rows, columns = kernels.reshape(-1, grid[2], grid[3]), *kernels.shape[:2]
        sources = np.zeros(grid[:2], np.int64)
        if self._copied.mask.all():
            block = selection.bounds()
            down, across = (np.arange(part.stop - part.start) for part in block)
            sources[block] = (down % rows)[:, None] * columns + across % columns
        else:
            copied = np.flatnonzero(self._copied.mask)
            sources[selection.mask] = copied[np.arange(selection.count) % len(copied)]
        return lambda piece: flat[sources[piece.rows, piece.columns]]


def copy_kernels(workspace: Workspace) -> int:
    """Take the selected kernels into the clipboard; returns how many.

    Raises:
        StudioError: where the layer has no tensors or nothing is selected.
    """
    name, selection = _held(workspace)
    tensor = workspace.document.tensor(name)
    selection.check(tensor.shape)
    block = selection.bounds()
    kernels = np.array(tensor.reshape(kernel_grid(tensor.shape))[block], order="C")
    kernels.flags.writeable = False
    workspace.clipboard = Clipboard(kernels, selection.mask[block])
    return selection.count


def paste_kernels(workspace: Workspace, editing: Editing) -> None:
    """Fill the selected kernels from the clipboard.

    A block is repeated down and across; kernels that are no block follow each other in reading order, again from the
    first where there are too few. Kernels of another size are resized bilinearly.

    Raises:
        StudioError: where nothing was copied or the layer has no tensors.
    """
    name, selection = _held(workspace)
    if workspace.clipboard is None:
        raise StudioError("No filters were copied; select some and copy them first.")
    editing.apply(f"Paste filters into {name}", _Paste.of(workspace.clipboard), name, selection)


def reset_kernels(workspace: Workspace, editing: Editing) -> None:
    """Give the selected kernels their trained weights back; StudioError where the layer has no tensors."""
    name, selection = _held(workspace)
    edit = Mix(amount=1.0).with_other(workspace.document.original(name))
    editing.apply(f"Reset filters of {name}", edit, name, selection)


def reset_tensor(workspace: Workspace) -> None:
    """Give the selected tensor its trained weights back; StudioError where the layer has no tensors."""
    name, _ = _held(workspace)
    workspace.document.reset(f"Reset {name}", [name])


def reset_layer(document: Document, layer: str) -> None:
    """Give all tensors of a layer their trained weights back; StudioError where there is no such layer."""
    node = document.graph.node(layer)
    document.reset(f"Reset {layer}", [f"{node.owner}.{key}" for key in node.op.tensor_shapes()])


def reset_everything(document: Document) -> None:
    """Give all tensors their trained weights back."""
    document.reset("Reset all weights", document.graph.tensor_shapes)


def resized(kernels: Array, kh: int, kw: int) -> Array:
    """Kernels (rows, columns, h, w) brought to (rows, columns, kh, kw), bilinearly; borders are carried on."""
    if kernels.shape[2:] == (kh, kw):
        return kernels
    down, across = _bilinear(kernels.shape[2], kh), _bilinear(kernels.shape[3], kw)
    return np.asarray(down @ kernels.astype(np.float64) @ across.T, np.float32)


def _bilinear(size: int, wanted: int) -> NDArray[np.floating[Any]]:
    """(wanted, size): how much each new place takes from each old one, their centres a texel's half from the edge."""
    source = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    return np.asarray(np.clip(1 - np.abs(source[:, None] - np.arange(size)), 0, 1))


def _held(workspace: Workspace) -> tuple[str, Selection]:
    name, selection = workspace.tensor, workspace.selection
    if name is None or selection is None:
        raise StudioError(f'The layer "{workspace.layer}" has no weights; select one that has.')
    return name, selection
