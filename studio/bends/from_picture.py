"""From a second picture."""

from __future__ import annotations

from studio.bends.from_layer import FromLayer


class FromPicture(FromLayer):
    """The same layer's map of a second picture or film in place of this one's; passed over while there is none."""

    label = "From a second picture"
    other = "picture"
