"""Super-resolution by FSRCNN, 4 times; taken where it is asked for, as the file does not say."""

from __future__ import annotations

from studio.io.importers.architectures.fsrcnn import made

ARCHITECTURE = made("fsrcnn-x4", 4, said=True)
