"""Ctrl+C in the terminal closes the window, and a session that ends the program, so that all is finished."""

from __future__ import annotations

import signal
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QTimer

from studio.ending import await_ends, requests_to_end


def end_on_signals(application: QCoreApplication, end: Callable[[], object]) -> None:
    """Let signals end the application; Python must run now and then to notice them.

    Args:
        application: it is asked to quit by the first Ctrl+C.
        end: called by requests to end, and by the second Ctrl+C, which ask nothing.
    """

    def ended(*_: object) -> None:
        end()

    for number in requests_to_end():
        # Who starts a program with nohup wants it to go on.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, ended)
    await_ends()
    # It asks what is to become of unsaved work; pressed again it asks no more.
    signal.signal(signal.SIGINT, lambda *_: (signal.signal(signal.SIGINT, ended), application.quit()))
    ticker = QTimer(application)
    ticker.timeout.connect(lambda: None)
    ticker.start(200)
