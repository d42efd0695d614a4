"""The one filter of the whole program: what it hands on, and when it looks at nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from studio.ui.kit.events import Events


def test_it_looks_at_nothing_until_the_last_pause_has_ended(qapp: QApplication) -> None:
    parent, seen = QObject(), list[QObject]()
    events = Events(parent)
    events.on([QEvent.Type.User], lambda watched, _: bool(seen.append(watched)))
    at = QObject()

    def is_seen() -> bool:
        seen.clear()
        qapp.sendEvent(at, QEvent(QEvent.Type.User))
        return bool(seen)

    assert not is_seen()
    with events.paused():
        events.begin()
        assert not is_seen()
        with events.paused():
            assert not is_seen()
        assert not is_seen()
    assert is_seen()
    with events.paused():
        assert not is_seen()
    assert is_seen()
    del events
    parent.deleteLater()
    qapp.sendPostedEvents(parent, QEvent.Type.DeferredDelete.value)
