"""The presets at hand: those that came with the studio, which stay as they are, and the person's own."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from studio import paths
from studio.errors import StudioError
from studio.io.answering import await_answer
from studio.io.atomic import cannot_write, exists, write_bytes
from studio.io.manifest import file_name
from studio.io.preset_file import MANIFEST, read_preset_file
from studio.io.presets import PresetCard, list_presets, list_titles

_LONGEST = 60
_LONGEST_TITLE = 120


class Library:
    """Two folders of presets.

    Args:
        own: the person's; made when something is first saved there.
        shipped: the studio's, never written to.
    """

    def __init__(self, own: Path, shipped: Path = paths.PRESETS) -> None:
        self.own = own
        self.shipped = shipped

    def cards(self, *, own: bool = True) -> list[PresetCard]:
        """All presets, the person's own first, each by folder name; damaged ones with their problem.

        Args:
            own: whether the person's are looked at; else the studio's alone are given.

        Raises:
            StudioError: where the disk of the person's own does not answer.
        """
        if not own:
            return list_presets(self.shipped)
        await_answer(self.own)
        return [*list_presets(self.own), *list_presets(self.shipped)]

    def is_shipped(self, path: Path) -> bool:
        """Whether a preset came with the studio."""
        return path.resolve().is_relative_to(self.shipped.resolve())

    def free_title(self, wanted: str) -> str:
        """This title, with a number behind it where another preset has it."""
        taken = self._taken()
        stem = re.sub(r" \d+$", "", wanted) or wanted
        number, title = 2, wanted
        while title.casefold() in taken:
            title, number = f"{stem} {number}", number + 1
        return title

    def has(self, title: str) -> bool:
        """Whether a preset is called so, in capitals or not."""
        return title.casefold() in self._taken()

    def _taken(self) -> set[str]:
        return {title.casefold() for home in (self.own, self.shipped) for title in list_titles(home)}

    def new_folder(self, title: str) -> Path:
        """A folder of the person's own in which nothing is yet, for a preset of this title; its parent is made.

        Raises:
            StudioError: where the title cannot be one, or the person's folder cannot be made.
        """
        stem = folder_name(check_title(title))
        try:
            self.own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.own, error) from error
        number, folder = 2, self.own / stem
        while exists(folder):
            folder, number = self.own / f"{stem}-{number}", number + 1
        return folder

    def retitle(self, path: Path, title: str) -> None:
        """Give a preset of the person's another title; its folder keeps its name.

        Raises:
            StudioError: where it came with the studio, is damaged, cannot be written, or the title cannot be one.
        """
        if self.is_shipped(path):
            raise StudioError(f'"{path.name}" came with the studio and keeps its name; save it under another.')
        file = path / MANIFEST
        write_bytes(file, read_preset_file(file).renamed(check_title(title)).to_json())


def check_title(title: str) -> str:
    """The title without blanks around it; StudioError where it is empty, too long, or not one line."""
    found = title.strip()
    if not found:
        raise StudioError("A preset needs a name; give it one.")
    if len(found) > _LONGEST_TITLE:
        raise StudioError(f"This name has {len(found)} characters; a preset's may have {_LONGEST_TITLE}.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in found):
        raise StudioError("A preset's name is a single line of text; leave out line breaks and control characters.")
    return found


def folder_name(title: str) -> str:
    """A title as the name of a folder that every system takes: "Été en mer" becomes "ete-en-mer"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "preset"
    try:
        return file_name(name)
    except ValueError:
        return f"preset-{name}"
