"""The values in which a network is fed and shown."""

from __future__ import annotations

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.values.panel import ValuesPanel


def _show(context: Context) -> None:
    panel = context.once(ValuesPanel, lambda: ValuesPanel(context.window, context.document, context[Telemetry]))
    panel.show()
    panel.raise_()
    panel.activateWindow()


COMMANDS = (
    Command(
        "layer.picture_values",
        "Picture values…",
        _show,
        Place("Layer", 30, 10),
        keys=("Ctrl+Shift+V",),
        icon="sliders-horizontal",
        tip="Range, mean and channels that the network is fed and shown in; its weights stay as they are",
    ),
)
