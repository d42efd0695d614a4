"""The state of the window."""

from __future__ import annotations

import pytest
from helpers import tiny_network

from studio.model.document import Document
from studio.model.preset import Preset
from studio.model.workspace import Workspace


def test_what_it_has_no_field_for_is_not_set_in_silence() -> None:
    workspace = Workspace(Document(Preset("tiny", tiny_network(), {})))
    with pytest.raises(AttributeError, match="no field 'compared'"):
        setattr(workspace, "compared", "enc")  # noqa: B010 - as a checker of types would not let it stand
    workspace.comparison = "enc"
    assert workspace.comparison == "enc"
