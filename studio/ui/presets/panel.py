"""The deck of presets: click to open, save, rename, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QTabBar, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.io.atomic import cannot_write
from studio.io.library import Library
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, DetailsChanged, HistoryChanged, NetworkChanged
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.icons import icon
from studio.ui.kit.panel import bring_forward
from studio.ui.presets.emptiness import Emptiness
from studio.ui.presets.favourites import keys_menu, numbers_of
from studio.ui.presets.preset_list import PresetList
from studio.ui.presets.preset_tiles import PresetTile
from studio.ui.presets.shelves import SHELVES, Shelf, read_shelves
from studio.ui.presets.to_bin import to_bin
from studio.ui.presets.try_buttons import try_buttons
from studio.ui.services.preset_opener import PresetOpener
from studio.ui.services.preset_saver import PresetSaver
from studio.ui.services.session import Session


class PresetDeck(QWidget):
    """Thumbnails of all presets, the open one marked.

    Attributes:
        shelves: all that there is to be opened, by shelf, whichever is shown; empty until it has been read.

    Args:
        document: what is opened into, and saved.
        library: where presets are.
        opener: opens them.
        saver: saves them.
        worker: reads and moves folders.
        say: takes sentences for the person.
        session: remembers favourites, and what was open lately.
        networks: folders of networks.
    """

    favourites_changed = Signal()

    def __init__(
        self,
        document: Document,
        library: Library,
        opener: PresetOpener,
        saver: PresetSaver,
        worker: Worker,
        say: Callable[[Message], None],
        session: Session | None = None,
        networks: tuple[Path, ...] = (),
    ) -> None:
        super().__init__()
        self.setAccessibleName("Presets")
        self._document = document
        self._library = library
        self._opener = opener
        self._saver = saver
        self._worker = worker
        self._say = say
        self._session = session
        self._networks = networks
        self._shelf: Shelf = "presets"
        self.shelves: dict[Shelf, list[PresetTile]] = {}
        self._to_focus = document.path
        self.list = PresetList()
        self.list.chosen.connect(self._choose)
        self.list.renamed.connect(self.rename)
        self.list.removed.connect(self.remove)
        self.list.customContextMenuRequested.connect(self._ask_what)
        self._make()
        saver.saved.connect(self._saved)
        opener.changed.connect(self._show_open)
        document.changed.connect(self._follow)
        self._show_open()

    # -- what commands call ---------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save into the preset's folder; where it has none of its own, ask for a name."""
        if not self._saver.save():
            self.save_as()

    def save_as(self) -> None:
        """Ask for a name, in the deck, and save under it."""
        bring_forward(self)
        self.naming.show()
        self.name.setText(self._saver.proposal)
        self.name.selectAll()
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def rename(self, path: Path, title: str) -> None:
        """Give a preset another name."""

        def done(_: None) -> None:
            if path == self._document.path:
                self._document.rename(title.strip())
            self.refresh()

        self._worker.do(lambda: self._library.retitle(path, title), done, self._failed)

    def remove(self, path: Path) -> None:
        """Move a preset to the bin."""
        tile = next((tile for tile in self.list.tiles if tile.card.path == path), None)
        title = tile.card.title if tile is not None else path.name
        if tile is not None and tile.is_network:
            self._say(Message(f"“{title}” is a network, which presets may bend; remove its folder by hand."))
            return
        if self._library.is_shipped(path):
            self._say(Message(f"“{title}” is built in and stays."))
            return

        def done(_: None) -> None:
            self._say(Message(f"“{title}” is in the bin."))
            if path == self._document.path:
                self._document.mark_unsaved()
            self.refresh()

        self._worker.do(partial(to_bin, path), done, self._failed)

    def reveal(self, path: Path) -> None:
        """Show the folder that a preset is."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def refresh(self) -> None:
        """Read the folders anew."""
        session = self._session
        recent = [Path(path) for path in (*session.presets, *session.networks)] if session is not None else []
        read = partial(read_shelves, self._library, self._networks, recent)

        def failed(error: StudioError) -> None:
            # The disk of the person's own does not answer; what came with the studio is there.
            self._failed(error)
            self._worker.do(partial(read, own=False), self._show_shelves)

        self._worker.do(read, self._show_shelves, failed)

    def show_shelf(self, shelf: Shelf) -> None:
        """Show presets, networks, or what was open lately."""
        self._shelf = shelf
        self.tabs.setCurrentIndex(list(SHELVES).index(shelf))
        if self.shelves:
            self._show(self.shelves[shelf])
        self.refresh()

    def set_favourite(self, path: Path, number: int | None) -> None:
        """Give a preset one of the keys 1 to 9, or take it away."""
        if self._session is not None:
            self._session.set_favourite(path, number)
            self._show_open()
            self.favourites_changed.emit()

    # -- within ---------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.title = ElidedLabel()
        self.title.setStyleSheet("font-weight: 600;")
        self.save_button = tool_button("floppy-disk", "Save preset (Ctrl+S)", "Save", self.save)
        self.save_as_button = tool_button("floppy-disk-back", "Save preset as… (Ctrl+Shift+S)", "Save as", self.save_as)
        self.folder_button = tool_button("folder-open", "The folder of your presets", "Your presets", self._reveal_own)
        self.own_button, self.large_button = try_buttons(self._session)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("What the deck shows")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for text in SHELVES.values():
            self.tabs.addTab(text)
        self.tabs.setVisible(self._session is not None)
        self.tabs.currentChanged.connect(lambda row: self.show_shelf(list(SHELVES)[row]))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search presets")
        self.search.setAccessibleName("Search presets")
        self.search.setToolTip(
            "Words of a preset's name, its description or its network; Enter opens the first, Down goes to them"
        )
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the new preset")
        self.name.setToolTip("Name of the new preset; Enter saves, Escape does not")
        self.name.setMaxLength(120)
        self.name.returnPressed.connect(self._save_named)
        self.name.installEventFilter(self)
        self.nothing = Emptiness()
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE // 2)
        head.addWidget(self.title, 1)
        for button in (self.save_button, self.save_as_button, self.folder_button):
            head.addWidget(button)
        self.naming = QWidget()
        row = QHBoxLayout(self.naming)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.name, 1)
        row.addWidget(tool_button("check", "Save under this name (Enter)", "Save under this name", self._save_named))
        row.addWidget(tool_button("x", "Do not save (Escape)", "Do not save", self._end_naming))
        self.naming.hide()
        find = QHBoxLayout()
        find.setSpacing(theme.SPACE // 2)
        find.addWidget(self.search, 1)
        find.addWidget(self.own_button)
        find.addWidget(self.large_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.SPACE, theme.SPACE, 2, 0)
        box.setSpacing(theme.SPACE)
        for part in (head, self.naming, self.tabs, find):
            inset = QHBoxLayout()
            inset.setContentsMargins(0, 0, theme.SPACE - 2, 0)
            if isinstance(part, QWidget):
                inset.addWidget(part)
            else:
                inset.addLayout(part)
            box.addLayout(inset)
        box.addWidget(self.nothing)
        box.addWidget(self.list, 1)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Somebody may have put presets there meanwhile."""
        super().showEvent(event)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keys of the two fields that are not for writing."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        key = event.key()
        if watched is self.name and key == Qt.Key.Key_Escape:
            self._end_naming()
            return True
        if watched is self.search and key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.list.focus_first()
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
            if key != Qt.Key.Key_Down and self.list.shown and self.search.text():
                self._choose(self.list.shown[0].card.path)
            return True
        if watched is self.search and key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return True
        return super().eventFilter(watched, event)

    def _choose(self, path: Path) -> None:
        if path != self._document.path or self._document.unsaved:
            self._opener.open(path)

    def _saved(self, folder: Path) -> None:
        self._to_focus = folder
        self.refresh()

    def _save_named(self) -> None:
        if self._saver.save_as(self.name.text()):
            self._end_naming()

    def _end_naming(self) -> None:
        self.naming.hide()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _search(self, text: str) -> None:
        self.list.search(text)
        self._tell()

    def _show_shelves(self, shelves: dict[Shelf, list[PresetTile]]) -> None:
        self.shelves = shelves
        self._show(shelves[self._shelf])

    def _show(self, tiles: list[PresetTile]) -> None:
        self.list.show_tiles(tiles)
        self._tell()
        self._show_open()
        if tiles and self._to_focus is not None:
            self.list.focus(self._to_focus)
            self._to_focus = None

    def _tell(self) -> None:
        self.nothing.tell(self._shelf, bool(self.shelves), bool(self.list.shown), self.search.text())

    def _follow(self, change: Change) -> None:
        # While a stroke or a lesson goes on, its weights alone tell that something is unsaved.
        is_told = self._document.unsaved == self.list.delegate.unsaved
        if not is_told or isinstance(change, DetailsChanged | HistoryChanged | NetworkChanged):
            self._show_open()
        if isinstance(change, NetworkChanged) and self._shelf != "presets":
            self.refresh()

    def _show_open(self) -> None:
        document, delegate = self._document, self.list.delegate
        delegate.open_path, delegate.unsaved = document.path, document.unsaved
        delegate.opening = self._opener.opening
        if document.path is None and document.weights_path is not None:
            delegate.open_path = document.weights_path
        delegate.favourites = numbers_of(self._session.favourites) if self._session is not None else {}
        state = "unsaved changes" if document.unsaved else "all changes are saved"
        self.title.say(document.name, " •" if document.unsaved else "")
        self.title.setToolTip(f"{document.name}: {state}")
        self.title.setAccessibleName(self.title.toolTip())
        self.list.viewport().update()

    def _failed(self, error: StudioError) -> None:
        self._say(told(error))
        self._show_open()

    def _reveal_own(self) -> None:
        try:
            self._library.own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._failed(cannot_write(self._library.own, error))
            return
        self.reveal(self._library.own)

    def _ask_what(self, place: QPoint) -> None:
        tile = self.list.current
        if tile is None:
            return
        menu, path = QMenu(self), tile.card.path
        own = not tile.shipped and not tile.is_network
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        entries: tuple[tuple[str, str, Callable[[], None], bool], ...] = (
            ("play", "Open\tEnter", lambda: self._opener.open(path), not tile.card.problem),
            ("scissors", "Open without a fade", lambda: self._opener.open(path, cut=True), not tile.card.problem),
            ("pencil-simple", "Rename\tF2", self.list.rename, own and not tile.card.problem),
            ("folder-open", "Open folder", lambda: self.reveal(path), True),
            ("trash", "Move to bin\tDelete", lambda: self.remove(path), own),
        )
        for picture, text, act, enabled in entries:
            action = menu.addAction(icon(picture), text)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _=False, act=act: act())
        if self._session is not None and not tile.card.problem:
            now = self.list.delegate.favourites.get(path)
            menu.addMenu(keys_menu(menu, now, partial(self.set_favourite, path)))
        menu.popup(self.list.viewport().mapToGlobal(place))
