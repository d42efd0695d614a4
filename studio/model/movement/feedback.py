"""The output as a source: a part of each picture is the output of the frame before, zoomed, turned and faded."""

from __future__ import annotations

from studio.model.declared.param import Declared, param
from studio.model.networks.section import Section


class Feedback(Declared):
    """What of the output goes back into the network with the next picture.

    The picture is ``(1 - amount)`` times the source's and ``amount · (1 - decay)`` times the output of the frame
    before, zoomed and turned about its middle, black beyond its edges.
    """

    amount: float = param(0.0, lo=0.0, hi=1.0, live=True, doc="Part of the picture that is the output before")
    zoom: float = param(1.02, lo=0.25, hi=4.0, safe=(0.9, 1.1), live=True, unit="×", doc="How large it comes back")
    turn: float = param(0.0, lo=-180.0, hi=180.0, safe=(-5.0, 5.0), live=True, unit="°", doc="By how much it is turned")
    decay: float = param(0.1, lo=0.0, hi=1.0, live=True, doc="Part of its brightness that it loses each time")


FEEDBACK: Section[Feedback] = Section("feedback", Feedback())
"""Of the whole picture; bends with a memory feed single layers back."""
