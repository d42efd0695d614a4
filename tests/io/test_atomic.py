from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.io.atomic import recover_folder, replacing, replacing_folder, write_bytes


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_replace_the_file_and_leave_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.txt", b"one")
    write_bytes(tmp_path / "a.txt", b"two")
    assert (tmp_path / "a.txt").read_bytes() == b"two"
    assert names(tmp_path) == ["a.txt"]


def test_a_failing_body_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    with contextlib.suppress(RuntimeError), replacing(tmp_path / "a.txt") as beside:
        beside.write_bytes(b"half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_link_goes_on_pointing_to_what_it_pointed_to(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "stale").write_bytes(b"x")
    with replacing_folder(tmp_path / "p") as beside:
        (beside / "sub").mkdir()
        (beside / "sub" / "fresh").write_bytes(b"y")
        assert names(tmp_path / "p") == ["stale"]
    assert names(tmp_path / "p") == ["sub"]
    assert names(tmp_path) == ["p"]


def test_a_failing_body_leaves_the_old_folder(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "old").write_bytes(b"x")
    with contextlib.suppress(RuntimeError), replacing_folder(tmp_path / "p") as beside:
        (beside / "new").write_bytes(b"y")
        raise RuntimeError
    assert names(tmp_path / "p") == ["old"]
    assert names(tmp_path) == ["p"]


def test_a_failing_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "old").write_bytes(b"x")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StudioError, match="disk is full"), replacing_folder(tmp_path / "p") as beside:
        (beside / "new").write_bytes(b"y")
    assert names(tmp_path / "p") == ["old"]
    assert names(tmp_path) == ["p"]


def test_a_process_killed_between_the_renames_is_mended(tmp_path: Path) -> None:
    (tmp_path / ".p.old").mkdir()
    (tmp_path / ".p.old" / "kept").write_bytes(b"x")
    recover_folder(tmp_path / "p")
    assert names(tmp_path / "p") == ["kept"]


@pytest.mark.parametrize(
    "writing", [lambda path: write_bytes(path, b""), lambda path: replacing_folder(path).__enter__()]
)
def test_a_missing_folder_is_named(tmp_path: Path, writing: object) -> None:
    with pytest.raises(StudioError, match="nowhere does not exist"):
        writing(tmp_path / "nowhere" / "a")  # type: ignore[operator]


def test_wrong_kinds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StudioError, match="is a folder"):
        write_bytes(tmp_path, b"")
    with pytest.raises(StudioError, match="a file of that name exists"), replacing_folder(tmp_path / "file"):
        pass
    with pytest.raises(StudioError, match="is not a folder"):
        write_bytes(tmp_path / "file" / "a", b"")


def test_an_unwritable_folder_is_named(locked_folder: Path) -> None:
    with pytest.raises(StudioError, match="permission is denied"):
        write_bytes(locked_folder / "a", b"")
    with pytest.raises(StudioError, match="permission is denied"), replacing_folder(locked_folder / "a"):
        pass


def test_the_body_s_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a") as beside:
        beside.write_bytes((tmp_path / "missing").read_bytes())
    assert names(tmp_path) == []
