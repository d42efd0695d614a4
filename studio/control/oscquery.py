"""A page of all addresses over HTTP: as OSCQuery, which controllers read, and as HTML, which people do.

OSCQuery: https://github.com/Vidvox/OSCQueryProposal. ``GET /`` gives the whole tree, ``/studio/bend/1/amount`` one
node, ``?VALUE`` one attribute of it, ``?HOST_INFO`` where OSC is heard; ``/?html`` the page.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from studio.control.osc_place import LOOPBACK, ROOT
from studio.errors import StudioError
from studio.model.movement.address import Number

Listed = Mapping[str, tuple[Number, float]]

_TYPES = {"number": "f", "integer": "i", "switch": "T", "choice": "s", "trigger": "I"}
_WRITE, _BOTH = 2, 3


class OscQuery:
    """Answers in threads of its own, until it is closed.

    Args:
        listed: every number by its address, and its value; asked for from those threads, so it must hand out a
            mapping that is not changed afterwards.
        osc_port: where OSC is heard.
        host: of the interface to listen at; by default nobody but this machine is answered.
        port: TCP port; 0 takes any.

    Raises:
        StudioError: where the port cannot be had.
    """

    def __init__(self, listed: Callable[[], Listed], osc_port: int, host: str = LOOPBACK, port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                status, kind, body = answer(self.path, listed(), osc_port)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                """Requests are nobody's news."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise StudioError(f"OSCQuery cannot listen at {host}:{port} ({error}); choose another port.") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="oscquery", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answer(path: str, listed: Listed, osc_port: int) -> tuple[int, str, bytes]:
    """Status, content type and body for a request."""
    parts = urlsplit(path)
    query = parts.query
    if query.lower() == "html":
        return 200, "text/html; charset=utf-8", _page(listed, osc_port).encode()
    if query == "HOST_INFO":
        extensions = {"ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True, "UNIT": True}
        info = {"NAME": "Network Bending Studio", "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}
        return _json(info | {"EXTENSIONS": extensions})
    node = _node(unquote(parts.path), listed)
    if node is None:
        return 404, "application/json", b"{}"
    if query:
        return _json({query: node[query]}) if query in node else (204, "application/json", b"")
    return _json(node)


def _node(path: str, listed: Listed) -> dict[str, Any] | None:
    tree = _tree(listed)
    for part in path.strip("/").split("/") if path.strip("/") else ():
        tree = tree.get("CONTENTS", {}).get(part)
        if tree is None:
            return None
    return tree


def _tree(listed: Listed) -> dict[str, Any]:
    root: dict[str, Any] = {"FULL_PATH": "/", "ACCESS": 0, "CONTENTS": {}}
    for address, (number, value) in listed.items():
        at, path = root, ""
        for part in f"{ROOT}{address}".split("/")[1:]:
            path += f"/{part}"
            at = at.setdefault("CONTENTS", {}).setdefault(part, {"FULL_PATH": path, "ACCESS": 0})
        at |= _described(number, value)
    return root


def _described(number: Number, value: float) -> dict[str, Any]:
    kind = _TYPES[number.kind]
    found: dict[str, Any] = {"TYPE": kind, "ACCESS": _BOTH, "VALUE": [value], "DESCRIPTION": number.doc or number.label}
    if kind == "I":
        # An impulse has no value.
        del found["VALUE"]
        return found | {"ACCESS": _WRITE}
    if kind == "s":
        return found | {"VALUE": [number.word(value)], "RANGE": [{"VALS": list(number.choices)}]}
    if kind == "T":
        return found | {"TYPE": "T" if value else "F", "VALUE": [bool(value)]}
    if kind == "i":
        found["VALUE"] = [int(value)]
    limits = {
        key: end for key, end in (("MIN", number.lo), ("MAX", number.hi)) if math.isfinite(end) and abs(end) < 1e30
    }
    if limits:
        found["RANGE"] = [limits]
    return found | ({"UNIT": [number.unit]} if number.unit else {})


def _shown(number: Number, value: float) -> str:
    if number.kind == "trigger":
        return ""
    return number.word(value) if number.kind == "choice" else f"{value:g}"


def _page(listed: Listed, osc_port: int) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(ROOT + address)}</code><td>{escape(_shown(number, value))}"
        f"<td>{escape(number.range_in_words)}"
        f"<td>{escape(number.doc or number.label)}"
        for address, (number, value) in listed.items()
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Network Bending Studio: OSC</title>"
        "<style>body{font:14px sans-serif;margin:2em}td{padding:2px 1em 2px 0}</style>"
        f"<h1>OSC</h1><p>UDP port {osc_port}. One value a message, of type f, i, T or F, or one of the words of a "
        f"choice, as s; what is set off needs none. <code>{ROOT}/in/NAME</code> is a signal for routes.</p>"
        f"<table>{rows}</table>"
    )


def _json(value: object) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(value).encode()
