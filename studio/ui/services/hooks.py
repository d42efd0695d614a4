"""Where everything ends that nobody has caught: in the message bar, with its traceback, and in the log."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import cast

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from studio.runtime.live.report import Message
from studio.runtime.services.failures import LOG, told
from studio.runtime.services.worker import Post

QtHandler = Callable[[QtMsgType, QMessageLogContext, str], None]

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Hooks:
    """Takes exceptions of every thread, of destructors, and what Qt says of itself; to be removed at the end.

    What was there before is called as well, so a terminal shows what it always did.

    Args:
        post: carries sentences to the window's thread.
        say: shows one.
    """

    def __init__(self, post: Post, say: Callable[[Message], None]) -> None:
        self._post = post
        self._say = say
        self._excepthook, self._thread_hook, self._unraisable = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._raised
        threading.excepthook = self._thread_ended
        sys.unraisablehook = self._ignored
        self._qt = cast(QtHandler | None, qInstallMessageHandler(self._qt_says))

    def remove(self) -> None:
        """Put back what was there before."""
        sys.excepthook, threading.excepthook = self._excepthook, self._thread_hook
        sys.unraisablehook = self._unraisable
        qInstallMessageHandler(self._qt)
        # Threads that began meanwhile hold this as long as they run, and are not to hold a window that is closed.
        self._post, self._say = _nobody, _nobody

    def _tell(self, error: BaseException | None, doing: str) -> None:
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            message = told(error, doing)
            self._post(lambda: self._say(message))

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._tell(error, "Something in the window")
        self._excepthook(kind, error, trace)

    def _thread_ended(self, ended: threading.ExceptHookArgs) -> None:
        self._tell(ended.exc_value, f"The thread {ended.thread.name if ended.thread is not None else 'without a name'}")
        self._thread_hook(ended)

    def _ignored(self, raised: sys.UnraisableHookArgs) -> None:
        self._tell(raised.exc_value, "Something that was being freed")
        self._unraisable(raised)

    def _qt_says(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        LOG.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            self._post(lambda: self._say(Message(f"Qt: {text}", "error", text)))
        if self._qt is not None:
            self._qt(kind, context, text)
        elif kind is not QtMsgType.QtDebugMsg:
            sys.stderr.write(f"{text}\n")


def _nobody(_: object) -> None:
    """Takes what nobody is told any more."""
