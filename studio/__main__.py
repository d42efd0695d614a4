"""``studio``, and ``python -m studio``."""

from __future__ import annotations

import sys

_INTERRUPTED = 130
"""As `studio.cli.common.Exit` has it, which may not be there yet."""


def main() -> None:
    """Run the command line, which may be interrupted while it is still imported."""
    try:
        from studio import cli
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    cli.main()


if __name__ == "__main__":
    main()
