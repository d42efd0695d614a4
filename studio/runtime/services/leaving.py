"""The end of the process, where one of its threads is still in the middle of something."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress

from studio.runtime.services.aside import finish

NATIVE = frozenset({"learn", "compare", "render", "proofs", "drawing"})
"""Names of the threads that call PyTorch and OpenGL, in which a step or a frame may take minutes."""


def leave(status: int) -> int:
    """The exit status, for whoever ends the program by it; where such a thread goes on, the process ends here with it.

    Nothing interrupts a step of PyTorch's, and it would come back into a Python that has been taken down meanwhile: a
    segmentation fault. Called once all that is to be kept has been kept, and every thread has been told to end.
    """
    if not any(thread.name in NATIVE for thread in threading.enumerate()):
        return status
    # Python would wait for a picture that is being written.
    finish()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Under pythonw there is none, and who read it may be gone.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)
