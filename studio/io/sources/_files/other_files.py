"""Files that are neither film nor picture, and what to do with them: told by their first bytes."""

from __future__ import annotations

from pathlib import Path

_ARCHIVE = "an archive; unpack it first"
_PDF = "a PDF document; save its page as a PNG"
_RAW = "a raw photograph; develop it first, and save it as TIFF, PNG or JPEG"
# Of any version, packed, with 8 bits of each plane, of which the fourth is opacity.
_PCX = tuple(bytes([10, version, 1, 8]) for version in (2, 3, 4, 5))
_BEGINNINGS = (
    (b"%PDF", _PDF),
    (b"\xff\x0a", "a JPEG XL picture, which cannot be read here; save it as PNG or AVIF"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture, which cannot be read here; save it as PNG or AVIF"),
    (b"version https://git-lfs", "a pointer of Git LFS in place of the file; fetch it with: git lfs pull"),
    (b"%!PS", "a PostScript document; save its page as a PNG"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document; save its page as a PNG"),
    *((start, _ARCHIVE) for start in (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an office program; save its picture or page as a PNG"),
    (b"{\\rtf", "a document (RTF); save its picture or page as a PNG"),
    *((start, _RAW) for start in (b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")),
    (b"SQLite format 3\0", "a database; take the pictures out of it first"),
    *((start, "a program; give a film, a picture or a folder of pictures") for start in (b"MZ", b"\x7fELF", b"#!")),
    (
        b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI",
        "a PNG packed for an iPhone's programs (CgBI); take the one that it was made from",
    ),
    (b"gimp xcf", "a GIMP document; export it as PNG"),
    (b"SIMPLE  =", "an astronomer's picture (FITS) of a kind that cannot be read here; save it as TIFF or PNG"),
    (b"BLENDER", "a Blender document; render it to a film or to PNG"),
    (b"\x0e\x03\x13\x01", "a picture in HDF5's container, which cannot be read here; save it as PNG or TIFF"),
)


def what_else(path: Path) -> str:
    """What a file is that no reader takes, and the way on; nothing where that is not known.

    Args:
        path: of an existing file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(4096)
    except OSError:
        return ""
    for start, said in _BEGINNINGS:
        if data.startswith(start):
            return said
    if data.startswith(_PCX) and data[65:66] == b"\4":
        return "a PCX picture with opacity, which cannot be read here; save it as PNG"
    if data[257:262] == b"ustar":
        return _ARCHIVE
    if b"%PDF-" in data[:1024]:
        return _PDF
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "a drawing (SVG); export it as a PNG of the size that you want"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, saved in place of the file; download the file itself"
    return ""
