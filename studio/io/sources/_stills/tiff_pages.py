"""The pictures that a TIFF holds: scans of several pages, stacks of microscopes."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import NamedTuple

from studio.io.sources._files.header import Directory, directories_of_tiff

_SMALLER = 254
_MOST, _MOST_TAGS = 10_000, 1000
# Bytes of a value of each kind.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNSIGNED = {3: "H", 4: "I", 16: "Q"}
# By the form of an offset: a count of entries, and one of tag, kind, count, and the value or where it lies.
_LISTS = {"I": ("H", "HHI4s"), "Q": ("Q", "HHQ8s")}
# Where the strips or tiles lie, and how long they are.
_PARTS = ((273, 279), (324, 325))
# Lists of tags apart: other pictures, what a camera says.
_APART = (330, 34665, 34853, 40965)
# Of JPEG as it was before TIFF 6: its pieces lie where no other tag says how long they are. In CR2 it is a preview.
_OLD_JPEG = (512, 513, 514, 519, 520, 521)


class _Tag(NamedTuple):
    """An entry of a list of tags, with its value wherever that lies."""

    number: int
    kind: int
    many: int
    content: bytes


class Pages:
    """The pictures of a TIFF or BigTIFF, smaller copies of others left out; one where it cannot be told.

    Args:
        data: content of the file.
    """

    def __init__(self, data: bytes) -> None:
        self._data, (self._places, self._begins_smaller) = data, _places(data)

    def __len__(self) -> int:
        return max(len(self._places), 1)

    def shown(self) -> bytes:
        """A TIFF that begins with the first of them: the file itself, unless that begins with a smaller copy."""
        return self.alone(1) if self._begins_smaller and self._places else self._data

    def alone(self, number: int) -> bytes:
        """A TIFF of one of them, which takes no longer the more there are.

        Where its lists do not tell all that belongs to it, as in damaged files, it is the whole file, as if that were
        its first.

        Args:
            number: of the picture, from 1.

        Raises:
            IndexError: where there are not so many.
        """
        if not self._places and number == 1:
            return self._data
        order, offset, begins = _form(self._data)
        at = self._places[number - 1]
        with suppress(struct.error, ValueError, OverflowError, KeyError):
            return _alone(self._data, order, offset, at)
        place = struct.pack(order + offset, at)
        return self._data[:begins] + place + self._data[begins + len(place) :]


def _alone(data: bytes, order: str, offset: str, at: int) -> bytes:
    """A file of the list of tags at a place, of their values, and of its strips or tiles.

    Raises:
        ValueError, KeyError, struct.error: where not all of that is found.
    """
    tags = _tags(data, order, offset, at)
    first = {tag.number: tag for tag in reversed(tags)}
    if data[8:10] == b"CR" or not first.keys().isdisjoint(_OLD_JPEG):
        raise ValueError("pieces of it lie where no tag says how long they are")
    offsets, lengths = next(pair for pair in _PARTS if pair[0] in first or pair == _PARTS[-1])
    places, sizes = (_numbers(order, first[tag]) for tag in (offsets, lengths))
    if sum(sizes) > len(data):
        raise ValueError("its parts are longer than the file")
    parts = [_part(data, place, length) for place, length in zip(places, sizes, strict=True)]

    # In the new file: the header, the list, the values for which it has no room, the parts.
    head = data[:2] + struct.pack(order + "H", 42) if offset == "I" else data[:2] + struct.pack(order + "3H", 43, 8, 0)
    begins, room = len(head) + struct.calcsize(order + offset), struct.calcsize(order + offset)
    head += struct.pack(order + offset, begins)
    kept = [tag for tag in tags if tag.number not in (*_APART, offsets)]
    kept.append(_Tag(offsets, 4 if offset == "I" else 16, len(parts), bytes(len(parts) * room)))
    kept.sort(key=lambda tag: tag.number)
    counts, entry = _LISTS[offset]
    end = begins + struct.calcsize(order + counts) + len(kept) * struct.calcsize(order + entry) + room
    beyond = end + sum(_even(len(tag.content)) for tag in kept if len(tag.content) > room)
    lie = []
    for part in parts:
        lie.append(beyond)
        beyond += _even(len(part))
    listed, values = [struct.pack(order + counts, len(kept))], []
    for number, kind, count, value in kept:
        said = struct.pack(f"{order}{len(lie)}{offset}", *lie) if number == offsets else value
        if len(said) > room:
            values.append(_padded(said))
            said, end = struct.pack(order + offset, end), end + len(values[-1])
        listed.append(struct.pack(order + entry, number, kind, count, said))
    return b"".join([head, *listed, bytes(room), *values, *map(_padded, parts)])


def _tags(data: bytes, order: str, offset: str, at: int) -> list[_Tag]:
    counts, entry = _LISTS[offset]
    (many,) = struct.unpack_from(order + counts, data, at)
    start, size = at + struct.calcsize(order + counts), struct.calcsize(order + entry)
    if many > _MOST_TAGS:
        raise ValueError("it has too many tags")
    found, left = [], len(data)
    for place in range(start, start + many * size, size):
        number, kind, count, value = struct.unpack_from(order + entry, data, place)
        length = _SIZES[kind] * count
        left -= length
        if left < 0:
            raise ValueError("its values are longer than the file")
        if length > len(value):
            (lies,) = struct.unpack(order + offset, value)
            value = _part(data, lies, length)
        found.append(_Tag(number, kind, count, value))
    return found


def _part(data: bytes, place: int, length: int) -> bytes:
    if place + length > len(data):
        raise ValueError("it is cut off")
    return data[place : place + length]


def _numbers(order: str, tag: _Tag) -> tuple[int, ...]:
    return struct.unpack_from(f"{order}{tag.many}{_UNSIGNED[tag.kind]}", tag.content)


def _even(length: int) -> int:
    return length + length % 2


def _padded(part: bytes) -> bytes:
    return part + bytes(len(part) % 2)


def _form(data: bytes) -> tuple[str, str, int]:
    """The order of bytes, the form of an offset, and where that of the first picture stands."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or len(data) < 16:
        raise ValueError("it is no TIFF")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    return (order, "Q", 8) if version == 43 else (order, "I", 4)


def _places(data: bytes) -> tuple[list[int], bool]:
    """Where the lists of tags of its pictures begin, as far as they can be followed; whether a smaller copy is first.

    Where all in a row are smaller copies, the pictures are those that the lists apart hold.
    """
    row = list(directories_of_tiff(data))
    found = [each.place for each in row if not _is_smaller(each)]
    if not found:
        found = [each.place for each in directories_of_tiff(data, apart=True) if not _is_smaller(each)]
    return found[:_MOST], bool(row) and _is_smaller(row[0])


def _is_smaller(directory: Directory) -> bool:
    return bool(directory.tags.get(_SMALLER, 0) & 1)
