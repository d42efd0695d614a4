"""``studio open``, and ``studio`` alone: the window."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.render import DEFAULT_PRESET
from studio.errors import StudioError

DEFAULT_SOURCE = "demo"


def open_(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")] = DEFAULT_PRESET,
    source: Annotated[
        str, typer.Option(help='What it works on: "demo", "camera", "camera:1", a film, a picture, a folder.')
    ] = DEFAULT_SOURCE,
    osc: Annotated[int, typer.Option(min=0, max=65535, help="Listen for OSC on this UDP port; 0 for none.")] = 0,
    osc_host: Annotated[
        str, typer.Option(help="The interface to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    midi: Annotated[bool, typer.Option("--midi", help="Listen to every MIDI port.")] = False,
) -> None:
    """Open the window."""
    if not has_display():
        named = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
        missing = f'The display "{named}" does not answer' if named else "There is no display for a window"
        raise StudioError(f"{missing}: log in to a desktop, or bend a film without one by: studio render demo bent.mp4")
    # Nothing that is imported or made for the window goes away again, so nothing is looked through for it.
    gc.disable()
    from studio.app import run

    raise typer.Exit(run(preset, source, (osc_host, osc) if osc else None, midi))


def has_display() -> bool:
    """Whether a window can be opened: whether a display is named in the environment, and answers.

    Qt ends the process, with a core, where one is named that nobody answers for.
    """
    if not sys.platform.startswith("linux"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform not in ("", "xcb", "wayland"):
        return True
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("DISPLAY", "")
    if wayland and platform != "xcb":
        # A socket, by its path or its name in the session's folder.
        return (Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere")) / wayland).exists() or _answers(x11)
    return _answers(x11)


def _answers(display: str) -> bool:
    """Whether an X server answers; where its library is missing, that is Qt's to say."""
    if not display:
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display), None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
