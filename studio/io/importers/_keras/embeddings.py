"""What Keras's layers mean that look rows of a table up."""

from __future__ import annotations

from studio.io.importers._keras.table import Held, KerasLayer, means, own_axes, plain
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.order import taken_of


@means("Embedding")
def _embedding(f: Flow, n: KerasLayer) -> Held:
    """Rows of its table; of a number that is not whole the part behind the point does not count."""
    places = f.each("Round", plain(f, n.x), how="trunc")
    return own_axes(f, taken_of(f, n.need("embeddings"), places, 0), channels_last=n.channels_last)
