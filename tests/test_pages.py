"""The README and the pages that it leads to: every link leads somewhere, and what is to be typed runs."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("resources/*.md")]
)
_CODE = re.compile(r"```.*?```", re.DOTALL)


@cache
def prose(page: Path) -> str:
    return _CODE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "]", each).lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_something_that_is_there(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]
    lost = []
    for link in links:
        name, _, anchor = link.partition("#")
        to = page.parent / name if name else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            lost.append(link)
    assert lost == []


def test_what_the_readme_does_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [snippet] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    exec(snippet, {})  # noqa: S102 - our own page
    assert (tmp_path / "mine" / "preset.json").is_file()


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=lambda page: page.name)
def test_what_is_to_be_typed_writes_where_one_is(page: Path) -> None:
    """The studio makes no folder in which something is to be, and a new one holds none."""
    text = page.read_text("utf-8")
    typed = [shlex.split(line, comments=True) for line in re.findall(r"^    (studio .*)$", text, re.MULTILINE)]
    places = {"render": 3, "import": 3, "export": 3, "train": 4}
    written = [words[places[words[1]]] for words in typed if len(words) > 1 and words[1] in places]
    written += re.findall(r'(?:\.save|export_torch)\([^)"]*"([^"]+)"', text)
    assert [name for name in written if "/" in name] == []
    assert not any(words[2].rstrip("/") == words[3] for words in typed if "import" in words)
