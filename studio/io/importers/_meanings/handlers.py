"""What an operator of a traced model is to a draft: a function of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.io.importers._meanings.flow import Flow
from studio.io.importers._values.views import Value

Args = dict[str, Any]
"""The arguments of a call by their names."""

Handler = Callable[[Flow, Args], Value | list[Value]]
"""What adds the layers of a call to a draft, and gives what the call returns."""
