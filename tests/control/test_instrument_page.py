from __future__ import annotations

from studio.modulators._docs import PAGE, text


def test_the_page_says_what_is_declared() -> None:
    assert PAGE.read_text("utf-8") == text()
