"""OSC over UDP: every number under ``/studio``, signals for routes under ``/studio/in``, and values on the way back.

Only types and ranges that are declared are taken; nothing of a message is evaluated. Bundles are done at once,
whatever time they are dated, since what is held back for years fills the memory.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType

import numpy as np
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketError

from studio.control.inbox import Inbox
from studio.control.osc_place import IN, LOOPBACK, PORT, ROOT
from studio.control.sparingly import Sparingly
from studio.errors import StudioError
from studio.model.movement.address import Number

LOG = logging.getLogger("studio")

_LARGEST = 65535
_EVERY = 0.2
"""Seconds between two looks at whether it is closed."""
_BATCH, _FEW = 256, 64
"""Packets that are looked at together, and how many of them are all read."""
Say = Callable[[str], object]


class OscServer:
    """Listens in a thread of its own, until it is closed.

    ``/studio/ADDRESS value`` turns a number, or chooses by a word; what is set off needs no value. ``/studio/in/NAME
    value`` is a signal for routes, and sets off what waits
    for it where it rises from 0; without a value it sets off.

    Args:
        inbox: takes what comes in.
        numbers: every number by its address, asked for when a message comes, from the listening thread: it must hand
            out a mapping that is not changed afterwards, and at once.
        say: told what is wrong with messages, each sentence once, and no more than can be read.
        is_old: whether there may be others by now; a number that is not known is then taken as it comes, to be checked
            where it is turned.
        host: of the interface to listen at; by default nobody but this machine is heard.
        port: UDP port; 0 takes any.

    Raises:
        StudioError: where the port cannot be had.
    """

    def __init__(
        self,
        inbox: Inbox,
        numbers: Callable[[], Mapping[str, Number]],
        say: Say = lambda _: None,
        host: str = LOOPBACK,
        port: int = PORT,
        is_old: Callable[[], bool] = lambda: False,
    ) -> None:
        self._inbox = inbox
        self._numbers, self._is_old = numbers, is_old
        self._tell = Sparingly(say, "OSC messages")
        self._signals: dict[str, float] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # Hundreds of messages may come while a frame is drawn.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise StudioError(f"OSC cannot listen at {host}:{port} ({error}); choose another port.") from error
        self._socket.settimeout(_EVERY)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="osc", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                data, _ = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                self._tell.settle()
                continue
            except OSError:
                # On Windows the answer to a message of ours that found nobody comes as an error here.
                continue
            packets = [data, *self._waiting()]
            try:
                for each in packets if len(packets) <= _FEW else newest(packets):
                    self.take(each)
            # Whatever a number throws that is turned, the next message is heard.
            except BaseException as error:
                LOG.exception("Taking an OSC message failed")
                self._tell(f"OSC: taking a message failed ({type(error).__name__}: {error}).")

    def _waiting(self) -> list[bytes]:
        """What has come in besides."""
        found: list[bytes] = []
        self._socket.setblocking(False)
        with suppress(OSError):
            while len(found) < _BATCH:
                found.append(self._socket.recvfrom(_LARGEST)[0])
        self._socket.settimeout(_EVERY)
        return found

    def take(self, data: bytes) -> None:
        """One packet: a message, or a bundle of them."""
        if not _is_whole(data):
            # The parser would make zeros of what is missing.
            self._tell(f"An OSC packet of {len(data)} bytes cannot be read: it does not hold what it says.")
            return
        try:
            messages = [timed.message for timed in OscPacket(_with_impulse(data)).messages]
        # The parser raises whatever a malformed packet leads it to; it came from anywhere.
        except (PacketError, ValueError, IndexError, TypeError, RecursionError, OverflowError, MemoryError) as error:
            self._tell(f"An OSC packet of {len(data)} bytes cannot be read ({type(error).__name__}).")
            return
        for message in messages:
            try:
                self._obey(message)
            except StudioError as error:
                self._tell(f"OSC: {error}")

    def _obey(self, message: OscMessage) -> None:
        path, values = str(message.address), list(message.params)
        if path.startswith(IN):
            self._hear(path.removeprefix(IN), values, path)
            return
        if not path.startswith(f"{ROOT}/"):
            raise StudioError(
                f"{path[:80]} is not below {ROOT}: {ROOT}/bend/1/amount turns /bend/1/amount,"
                f" and what sends {IN}{path.strip('/')[:80]} can be learnt."
            )
        address = path.removeprefix(ROOT)
        number = self._numbers().get(address)
        if number is None and not self._is_old():
            raise StudioError(f"there is no number at {address[:80]}.")
        number = number or Number(address, address)
        if not values and number.kind == "trigger":
            values = [1]
        if len(values) != 1:
            raise StudioError(f"{address[:80]} takes one value, not {len(values)}.")
        value = number.checked(values[0])
        # A button says 0 when it is let go: that must not take the place of the press.
        if value or number.kind != "trigger":
            self._inbox.turn(address, value)

    def _hear(self, name: str, values: list[object], path: str) -> None:
        signal = f"osc/{name}"
        if not name or len(values) > 1 or not all(isinstance(value, (bool, int, float)) for value in values):
            raise StudioError(f"{path[:80]} takes one number, or nothing.")
        value = float(values[0]) if values else 1.0  # type: ignore[arg-type]
        if value - value != 0.0:
            raise StudioError(f"{path[:80]} takes a finite number, not {value}.")
        before = self._signals.get(signal, 0.0)
        if len(self._signals) < 4096 or signal in self._signals:
            self._signals[signal] = value if values else 0.0
        if not values or (before <= 0.0 < value):
            self._inbox.begin(signal, value)
        elif value <= 0.0 < before:
            self._inbox.end(signal)
        else:
            self._inbox.signal(signal, value)


class OscSender:
    """Sends values to a controller that shows them; who is not there does not matter.

    Args:
        host: of the controller.
        port: its UDP port.
    """

    def __init__(self, host: str, port: int) -> None:
        self.to = host, port
        self._sent: dict[str, float] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def hear(self, values: Mapping[str, float]) -> None:
        """Note what came in by OSC: it is not sent back to where it may have come from."""
        self._sent |= {address: _single(value) for address, value in values.items()}

    def send(self, values: Iterable[tuple[str, float]], words: Mapping[str, Number] = MappingProxyType({})) -> None:
        """Send numbers by their addresses, those that have changed since they were sent last.

        Args:
            values: where they are.
            words: numbers by their addresses; those of them that are choices are sent as words.
        """
        for address, value in values:
            value = _single(value)
            if self._sent.get(address) == value:
                continue
            self._sent[address] = value
            message = OscMessageBuilder(f"{ROOT}{address}")
            number = words.get(address)
            if number is not None and number.choices:
                message.add_arg(number.word(value), "s")
            else:
                message.add_arg(float(value), "f")
            try:
                self._socket.sendto(message.build().dgram, self.to)
            except OSError:
                # It is sent again with the next change.
                self._sent.pop(address, None)

    def close(self) -> None:
        """Send no more."""
        self._socket.close()


def newest(packets: list[bytes]) -> list[bytes]:
    """Packets without those that turn a number which a later one turns again: in a flood most need not be read."""
    root, counted = f"{ROOT}/".encode(), (IN.encode(), f"{ROOT}/panel/".encode(), f"{ROOT}/command/".encode())
    found: dict[bytes, bytes] = {}
    for number, data in enumerate(packets):
        key = data.partition(b"\0")[0]
        if not data.startswith(root) or data.startswith(counted):
            # All that begins something counts, and so does every bundle.
            key = b"%d" % number
        found.pop(key, None)
        found[key] = data
    return list(found.values())


_SIZES = {**dict.fromkeys("ifrm", 4), **dict.fromkeys("hdt", 8), **dict.fromkeys("TFNI[]", 0)}
"""Bytes of an argument of each type, but for those that say it themselves. Others the parser would pass over."""
_DEEPEST = 16
"""Bundles in one another."""


def _is_whole(data: bytes, depth: int = 0) -> bool:
    """Whether a packet holds as many bytes as its parts say."""
    if not data.startswith(b"#bundle\0"):
        return _message_is_whole(data)
    place = 16
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big", signed=True)
        part = data[place + 4 : place + 4 + size] if size > 0 else b""
        if size <= 0 or len(part) != size or depth >= _DEEPEST or not _is_whole(part, depth + 1):
            return False
        place += 4 + size
    return place == len(data)


def _message_is_whole(data: bytes) -> bool:
    place = _behind(data, 0)
    if not data.startswith(b"/") or place is None:
        return False
    tags = data[place:].partition(b"\0")[0].decode("ascii", "replace")
    # Old senders leave the types out where there are no values.
    behind = _behind(data, place) if tags else place
    for tag in tags[1:]:
        if behind is None:
            return False
        if tag == "s":
            behind = _behind(data, behind)
        elif tag == "b":
            size = int.from_bytes(data[behind : behind + 4], "big")
            behind += 4 + -(-size // 4) * 4
        elif tag in _SIZES:
            behind += _SIZES[tag]
        else:
            return False
        if behind is not None and behind > len(data):
            return False
    return behind is not None


def _with_impulse(data: bytes) -> bytes:
    """A message whose impulse, of type I, is true: the parser knows none."""
    place = _behind(data, 0)
    if data.startswith(b"#bundle\0") or place is None:
        return data
    tags, end, values = data[place:].partition(b"\0")
    return data[:place] + tags.replace(b"I", b"T") + end + values


def _behind(data: bytes, place: int) -> int | None:
    """Where what follows a string begins, at the next multiple of four; None where the string does not end."""
    end = data.find(b"\0", place)
    return None if end < 0 else end // 4 * 4 + 4


def _single(value: float) -> float:
    """As a message holds it, in single precision."""
    return float(np.float32(value))
