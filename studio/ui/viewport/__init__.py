"""The middle of the window, full screen, and the output window."""

from __future__ import annotations

from studio.runtime.live.report import EngineState
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.kit.zooming import under_mouse
from studio.ui.viewport.dials import dials
from studio.ui.viewport.projection import Projection
from studio.ui.viewport.stage import Stage
from studio.ui.viewport.widget import Viewport

_WINDOWS = frozenset({"windows"})


def _make(context: Context) -> Stage:
    viewport = context.add(Viewport(context.workspace, lambda: context.live.screen))
    context[Telemetry].on(EngineState, viewport.take_state)
    return Stage(viewport)


PANELS = (
    Panel(
        "viewport",
        "Viewport",
        "middle",
        _make,
        stack=10,
        stretches=True,
        dials=lambda c: dials(c[Viewport]),
        commands=(
            Command(
                "view.fit",
                "Fit",
                lambda c: under_mouse(c[Viewport]).fit(),
                Place("View", 30, 10),
                keys=("F",),
                icon="arrows-out",
                tip="All of what the mouse is over: the picture, or the sheet",
            ),
            Command(
                "view.one_to_one",
                "Actual size",
                lambda c: under_mouse(c[Viewport]).one_to_one(),
                Place("View", 30, 20),
                keys=("Ctrl+0",),
                icon="number-square-one",
                tip="One pixel of the screen for each pixel of the picture",
            ),
            Command(
                "view.zoom_in",
                "Zoom in",
                lambda c: under_mouse(c[Viewport]).zoom_in(),
                Place("View", 30, 30),
                keys=("Ctrl++", "Ctrl+="),
                icon="magnifying-glass-plus",
            ),
            Command(
                "view.zoom_out",
                "Zoom out",
                lambda c: under_mouse(c[Viewport]).zoom_out(),
                Place("View", 30, 40),
                keys=("Ctrl+-",),
                icon="magnifying-glass-minus",
            ),
            Command(
                "view.back",
                "Look back",
                lambda c: under_mouse(c[Viewport]).go_back(),
                Place("View", 35, 10),
                keys=("Alt+Left",),
                icon="arrow-left",
                tip="To what was seen before the last zoom or pan of what the mouse is over",
            ),
            Command(
                "view.forward",
                "Look forward",
                lambda c: under_mouse(c[Viewport]).go_forth(),
                Place("View", 35, 20),
                keys=("Alt+Right",),
                icon="arrow-right",
                tip="To what was seen before one looked back",
            ),
            Command(
                "view.full_screen",
                "Full screen",
                lambda c: c[Projection].toggle_full_screen(),
                Place("View", 40, 10),
                keys=("F11",),
                icon="corners-out",
                tip="The picture alone; Escape or F11 comes back",
                is_on=lambda c: c.window.isFullScreen(),
                follows=_WINDOWS,
            ),
            Command(
                "view.output_window",
                "Output window",
                lambda c: c[Projection].toggle_output(),
                Place("View", 40, 20),
                keys=("F10",),
                icon="monitor",
                tip="The output without anything else, for a second monitor",
                is_on=lambda c: c[Projection].output is not None,
                follows=_WINDOWS,
            ),
        ),
        gestures=(
            ("A, held", "The originals for a moment"),
            ("Wheel", "Zoom at the cursor"),
            ("Middle button", "Pan"),
            ("Double click", "Fit, or actual size"),
            ("Buttons at the mouse's side", "Look back, and forward"),
        ),
    ),
)
