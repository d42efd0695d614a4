"""The second films and pictures that ``studio render`` reads: no recording may take their place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.bending import second_of

if TYPE_CHECKING:
    from studio.model.networks.preset import Preset
    from studio.model.performances.performance import Performance


def refuse_second_films(given: str, preset: Preset, performance: Performance | None, output: Path) -> None:
    """Check that a recording replaces no second film that it is made from.

    Args:
        given: the one that is taken in place of all others, as the command line names it; empty for none.
        preset: what is bent.
        performance: that is played, on whichever networks; None for none.
        output: the recording.

    Raises:
        StudioError: where it would, or where the performance says of a second film what cannot be read.
    """
    from studio.io.places import refuse_overlap

    films = [given or second_of(preset)] if given or performance is None else _played(preset, performance)
    for film in films:
        refuse_overlap(film, output)


def _played(preset: Preset, performance: Performance) -> list[str]:
    """Those that a performance plays; stages that take their maps may come, or be switched on, as it goes on."""
    from studio.io.sections.second import SECTION
    from studio.model.networks.section import SECOND
    from studio.model.performances.performance import Arranged, Prepared

    found = [preset.section(SECOND)]
    for event in performance.events:
        part = event.part if isinstance(event, Prepared) else event
        if isinstance(part, Arranged) and part.section == SECOND.name and part.document is not None:
            found.append(SECTION.read(part.document, part.version, f'The section "{part.section}"'))
    return list(dict.fromkeys(filter(None, found)))
