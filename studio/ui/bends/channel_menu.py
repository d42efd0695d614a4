"""A right click on a channel in the viewport: bends of it, or of its layer."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from studio.model.bends.stage import ChannelList, Channels, layer_of
from studio.model.views.workspace import Workspace
from studio.ui.bends.adding import BendChooser
from studio.ui.bends.panel import BendsPanel
from studio.ui.kit.icons import icon
from studio.ui.kit.panel import bring_forward
from studio.ui.viewport.pick import Picked


class ChannelMenu:
    """Opens where a channel is clicked.

    Args:
        panel: puts the bend that is chosen.
        workspace: whose layer is selected then.
    """

    def __init__(self, panel: BendsPanel, workspace: Workspace) -> None:
        self._panel, self._workspace = panel, workspace

    def open(self, picked: Picked, at: QPoint) -> None:
        """Offer what can be done with the channel that was clicked, at a place of the screen; nothing on a picture."""
        if picked.channel is None:
            return
        menu = self.menu(layer_of(picked.name), picked.channel, at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def menu(self, layer: str, channel: int, at: QPoint) -> QMenu:
        """What can be done with a channel of a layer; bends are chosen at a place of the screen."""
        menu = QMenu(self._panel)
        one = ChannelList(channels=(channel,))
        menu.addAction(icon("waves"), f"Bend channel {channel} of {layer}…", partial(self._choose, layer, one, at))
        menu.addAction(f"Bend all of {layer}…", partial(self._choose, layer, None, at))
        menu.addAction(icon("squares-four"), "Bends as pictures…", partial(self._show_pictures, layer))
        return menu

    def _choose(self, layer: str, channels: Channels | None, at: QPoint) -> None:
        self._workspace.choose(layer)
        bring_forward(self._panel)
        chooser = BendChooser(self._panel)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.chosen.connect(lambda kind: self._panel.put(kind, channels))
        chooser.open_at(at, self._panel)

    def _show_pictures(self, layer: str) -> None:
        self._workspace.choose(layer)
        self._panel.open_palette()
