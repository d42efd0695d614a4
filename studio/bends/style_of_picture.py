"""Style of a second picture."""

from __future__ import annotations

from studio.bends.style_of_layer import StyleOfLayer


class StyleOfPicture(StyleOfLayer):
    """Every channel brought to the mean and deviation that it has for a second picture: AdaIN.

    Source: X. Huang and S. Belongie, "Arbitrary style transfer in real-time with adaptive instance
    normalization", 2017.
    """

    label = "Style of a second picture"
    other = "picture"
