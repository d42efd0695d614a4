"""Where a recording may go: never over anything that is not to be replaced."""

from __future__ import annotations

import errno

from studio.errors import StudioError
from studio.io.atomic import exists, require_file_or_nothing, require_parent
from studio.io.sinks.base import Recording, cannot_record


def check_place(recording: Recording) -> None:
    """Refuse a file that cannot be recorded to.

    Raises:
        StudioError: when its folder is missing, it is no file, or it exists and may not be replaced.
    """
    path = recording.path
    require_parent(path)
    try:
        path.with_name(f"{path.stem}.part10{path.suffix}").lstat()  # what it is called while it grows
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise cannot_record(path, error) from error
    require_file_or_nothing(path)
    if exists(path) and not recording.overwrite:
        raise StudioError(f"{path} exists already; give another name, or --overwrite to replace it")
