"""What ``studio train`` writes: the network, how it came about, and a crash-recovery checkpoint."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.common import note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner, Step
    from studio.learn.prepare import Asked

KEPT = "learning.safetensors"
"""Where in a network's folder the checkpoint lies that is kept with it."""


def save_learnt(learner: Learner, asked: Asked, weights: str, output: Path, last: Step, seconds: float) -> Path:
    """Write what was learnt; where it is now."""
    from dataclasses import replace

    from studio.io.atomic import exists, write_bytes
    from studio.io.manifest import title_of
    from studio.io.networks import save_network
    from studio.learn.prepare import described

    network = learner.result()
    wanted, number = output, 1
    while True:
        try:
            save_network(replace(network, name=title_of(output.name, "learnt")), output, overwrite=False)
            break
        except FileExistsError:
            # Another lesson has ended there meanwhile; neither is to be lost.
            while exists(output):
                number += 1
                output = wanted.with_name(f"{wanted.name}-{number}")
    if output != wanted:
        note(f"{wanted} was created meanwhile and is left as it is; what was learnt here is in {output}.")
    facts: dict[str, object] = {"script": "studio train", **described(asked, weights), "steps": last.number}
    facts |= {"seconds": round(seconds, 1), "engine": learner.backend.name, "final_loss": last.loss, "psnr": last.psnr}
    if not math.isfinite(last.psnr):
        facts.pop("psnr")
    write_bytes(output / "training.json", (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
    return output


def safe_of(output: Path) -> Path:
    """Where the crash-recovery checkpoint lies."""
    return output.with_name(f"{output.name}.{KEPT}")


def kept_in(resume: Path) -> Path:
    """The checkpoint that a file is, or that lies in a network's folder.

    Raises:
        StudioError: where there is none in a folder.
    """
    from studio.io.folders import is_file, is_folder

    if not is_folder(resume):
        return resume
    if not is_file(resume / KEPT):
        raise StudioError(f"There is no checkpoint in {resume}; a lesson leaves one there with --keep.")
    return resume / KEPT


class Safe:
    """The crash-recovery checkpoint: a new file, or the one that the lesson continued from."""

    def __init__(self, output: Path, resume: Path | None, asked: Asked) -> None:
        self._path, self._asked = safe_of(output), asked
        self._is_ours = resume is not None and resume.resolve() == self._path.resolve()

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write it in place of the previous one."""
        from studio.learn.checkpoint import save_checkpoint

        number, first = 1, self._path
        while not self._is_ours:
            try:
                save_checkpoint(checkpoint, self._path, self._asked, overwrite=False)
                self._is_ours = True
                return
            except FileExistsError:  # another lesson for the same folder
                number += 1
                self._path = first.with_name(f"{first.stem}-{number}{first.suffix}")
        save_checkpoint(checkpoint, self._path, self._asked)

    def drop(self) -> None:
        """Remove it: it is no longer needed."""
        if self._is_ours:
            self._path.unlink(missing_ok=True)
