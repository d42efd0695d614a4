"""What shows a running network, as whoever runs or watches it sees it: `engine.gl.display.display_buffers` is one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Protocol

from studio.engine.base import Engine
from studio.engine.choose import Choice
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture
from studio.model.views.display import DisplayTexture, Drawing, Look

Crops = Mapping[str, Size]


class Fence(Protocol):
    """What a viewer leaves behind its drawing."""

    def wait(self) -> None:
        """Wait, with the GIL released, until the drawing is done, and free it; called in the render thread."""

    def drop(self) -> None:
        """Free it unused; called in the viewer's thread."""


class PictureMaker(Protocol):
    """Makes pictures of what an engine holds; belongs to the render thread."""

    def picture(
        self,
        engine: Engine,
        name: str,
        crop: Size | None = None,
        drawing: Drawing | None = None,
        look: Look | None = None,
    ) -> Picture:
        """(H, W, 3) uint8 RGB of the output or an input, or of a layer's tiles or a sheet as a viewer sees it.

        Args:
            engine: after a run.
            name: of a layer, an input or a tensor.
            crop: what to show of every channel.
            drawing: as a picture, a tile for each channel, or a filter sheet; None takes what suits it.
            look: colours; of a picture NaN is black unless told otherwise, as in `studio render`.
        """

    def order(self, engine: Engine, name: str, crop: Size | None = None, drawing: Drawing | None = None) -> None:
        """Ask for a `picture`, which `delivered` gives a frame later without waiting for the GPU."""

    def delivered(self) -> Picture | None:
        """(H, W, 3) uint8 RGB that was ordered; None where nothing was since the last time."""

    def thumbnail(self, engine: Engine, name: str, size: int, crop: Size | None = None) -> Picture:
        """A small picture of a layer's first channels as tiles, signed colours, each tile at a scale of its own.

        Args:
            engine: after a run.
            name: of a layer or an input.
            size: pixels of the longer side, at most.
            crop: what is shown of the map.
        """


class Viewing(Protocol):
    """What viewers in another thread draw; belongs to the window's thread."""

    def front(self) -> tuple[DisplayTexture, ...]:
        """What is newest, in the order it was asked for; empty before the first `Display.show`.

        It stays as it is until the next call, and while what was drawn before a `drawn` is under way.
        """

    def drawn(self, viewer: Hashable, fence: Fence) -> None:
        """Leave a fence behind the commands that draw the front; it takes the place of this viewer's last one."""


class Display(PictureMaker, Viewing, Protocol):
    """Carries activations and filter sheets from an engine to viewers in another thread."""

    @property
    def is_software(self) -> bool:
        """Whether it is drawn by the CPU."""

    def open_engine(self, network: Network, name: str) -> tuple[Engine, Choice]:
        """An engine whose maps this display can show; see `studio.engine.choose.open_engine`."""

    def copy(
        self, engine: Engine, names: tuple[str, ...], crops: Crops | None = None, pictures: Collection[str] = ()
    ) -> None:
        """Have what is to be looked at copied, and do not wait for it; what was copied before is published.

        Args:
            engine: after a run; one that `open_engine` gave.
            names: layers, inputs and tensors ("layer.tensor").
            crops: what to show of a layer or input that has a border of padding; others are shown whole.
            pictures: those of the names that are drawn as pictures only, for which no ranges need be found.

        Raises:
            StudioError: for a name that there is not, or what cannot be shown here; what was published before stays.
        """

    def publish(self) -> None:
        """Wait until what was copied last is whole, and let viewers have it; nothing where they have it already."""

    @property
    def published(self) -> int:
        """How often something was."""

    def close(self) -> None:
        """Free everything; `front` gives nothing from now on."""
