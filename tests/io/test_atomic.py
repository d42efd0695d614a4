from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.io import _rename, _swap, folders
from studio.io._leftovers import beside_of
from studio.io.atomic import recover_folder, replacing, replacing_folder, write_bytes, write_free
from studio.io.folders import carry_over, steadily, subfolders


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


@pytest.fixture(params=["exchange", "two renames"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Linux and macOS do it, and as any other system."""
    if request.param == "two renames":
        monkeypatch.setattr(_rename, "_call", lambda: None)
    elif not exchange_works():
        pytest.skip("this system cannot exchange two names")


def exchange_works() -> bool:
    with tempfile.TemporaryDirectory() as name:
        one, other = Path(name) / "one", Path(name) / "other"
        one.mkdir()
        other.touch()
        return _rename.exchange(one, other) and other.is_dir()


@pytest.mark.usefixtures("_way")
def test_a_folder_that_is_not_there_yet_or_is(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with replacing_folder(tmp_path / "p") as beside:
            (beside / content).touch()
        assert names(tmp_path / "p") == [content]
        assert names(tmp_path) == ["p"]


def test_a_failing_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "old").write_bytes(b"x")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(_rename, "_call", lambda: None)
    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StudioError, match="disk is full"), replacing_folder(tmp_path / "p") as beside:
        (beside / "new").write_bytes(b"y")
    assert names(tmp_path / "p") == ["old"]
    assert names(tmp_path) == ["p"]


def long_ago(path: Path) -> Path:
    os.utime(path, (0, 0))
    return path


def test_a_process_killed_between_the_renames_is_mended(tmp_path: Path) -> None:
    old, new = beside_of(tmp_path / "p", "old"), beside_of(tmp_path / "p", "new")
    old.mkdir()
    (old / "kept").write_bytes(b"x")
    with replacing_folder(tmp_path / "q") as beside:
        os.rename(beside, new)  # noqa: PTH104 - as if "p" were being saved
        recover_folder(tmp_path / "p")
        assert not (tmp_path / "p").exists(), "another process is between its two renames"
        os.rename(new, beside)  # noqa: PTH104
    recover_folder(tmp_path / "p")
    assert names(tmp_path / "p") == ["kept"]


def preset_like(folder: Path) -> Path:
    folder.mkdir()
    (folder / "preset.json").touch()
    return folder


def test_what_a_killed_process_left_goes_and_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    kept = preset_like(tmp_path / "mine")
    for name, role in (("mine", "old"), ("mine", "old"), ("other", "new")):
        long_ago(preset_like(beside_of(tmp_path / name, role)))
    beside_of(tmp_path / "hers", "old").mkdir()
    [hers] = tmp_path.glob(".hers.*")
    assert subfolders(tmp_path, "preset.json") == [kept]
    assert names(tmp_path) == [hers.name, "mine"]
    shutil.rmtree(kept)
    assert subfolders(tmp_path, "preset.json") == []


def test_what_others_call_alike_is_theirs(tmp_path: Path) -> None:
    """A date of eight digits is no mark of the studio's: by the name alone such folders went, or came in its place."""
    left = [
        ".mine.20261129.new",
        ".mine.deadbeef.new.mp4",
        ".mine.old",
        ".mine.20261129.old",
        ".mine.0123456789abcdef.new",
    ]
    for name in left:
        long_ago(preset_like(tmp_path / name))
    recover_folder(tmp_path / "mine")
    assert subfolders(tmp_path, "preset.json") == []
    with replacing_folder(tmp_path / "mine") as beside:
        preset_like(beside / "in it")
    for name in ("mine.mp4", "mine.onnx"):
        write_bytes(tmp_path / name, b"new")
    assert names(tmp_path) == sorted([*left, "mine", "mine.mp4", "mine.onnx"])
    assert all((tmp_path / name / "preset.json").exists() for name in left)


def test_links_in_a_folder_are_not_followed_when_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, target in (("nowhere", "gone"), ("waits", "../pipe"), ("itself", "itself")):
        (tmp_path / "p" / name).symlink_to(target)
    with replacing_folder(tmp_path / "p") as beside:
        carry_over(tmp_path / "p", beside, lambda _: False)
        (beside / "made").touch()
    assert names(tmp_path / "p") == ["itself", "made", "nowhere", "waits"]


def test_what_is_being_written_is_no_leftover(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "p") as beside, replacing(tmp_path / "f.txt") as file:
        (beside / "preset.json").touch()
        long_ago(beside)
        long_ago(file)
        subfolders(tmp_path, "preset.json")
        write_bytes(tmp_path / "f.txt", b"x")
        assert beside.is_dir()
        assert file.exists()
    assert names(tmp_path) == ["f.txt", "p"]


SAVE_FOR_EVER = """
    import sys
    from pathlib import Path
    from studio.io.atomic import replacing_folder, write_bytes
    home = Path(sys.argv[1])
    print("begun", flush=True)
    for number in range(10**9):
        with replacing_folder(home / "p") as folder:
            for part in range(5):
                (folder / f"{part}.npy").write_bytes(b"%08d" % number * 2000)
            (folder / "preset.json").write_text(str(number))
        write_bytes(home / "f.txt", b"%08d" % number * 2000)
"""


@pytest.mark.slow
def test_twenty_kills_leave_whole_things_and_no_rest(tmp_path: Path) -> None:
    for trial in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SAVE_FOR_EVER), str(tmp_path)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline()
        while not (tmp_path / "f.txt").exists():
            time.sleep(0.01)
        time.sleep(0.05 + 0.013 * trial)
        child.kill()
        child.wait()
        child.stdout.close()
        contents = {(tmp_path / "p" / f"{part}.npy").read_bytes() for part in range(5)}
        assert len(contents) == 1
        assert contents == {b"%08d" % int((tmp_path / "p" / "preset.json").read_text()) * 2000}
        assert len({(tmp_path / "f.txt").read_bytes()[k : k + 8] for k in range(0, 16000, 8)}) == 1
    time.sleep(1.1)
    subfolders(tmp_path, "preset.json")
    write_bytes(tmp_path / "f.txt", b"x")
    assert names(tmp_path) == ["f.txt", "p"]


@pytest.mark.long
@pytest.mark.usefixtures("_way")
def test_five_hundred_saves_beside_a_lister_that_never_rests(tmp_path: Path) -> None:
    target, stop, seen, problems = tmp_path / "p", threading.Event(), set[bool](), list[str]()
    listed = set[tuple[Path, ...]]()
    (tmp_path / "q").mkdir()

    def read() -> tuple[str, str]:
        try:
            return (target / "preset.json").read_text(), (target / "v").read_text()
        except OSError as error:
            raise StudioError(str(error)) from error

    def look() -> None:
        while not stop.is_set():
            listed.add(tuple(subfolders(tmp_path, "preset.json")))
            try:
                one, other = steadily(target, read)
                seen.add(one == other)
            except StudioError as error:
                problems.append(str(error))

    with replacing_folder(target) as folder:
        (folder / "preset.json").write_text("first")
        (folder / "v").write_text("first")
    switching = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    lister = threading.Thread(target=look)
    lister.start()
    try:
        for number in range(500):
            with replacing_folder(target) as folder:
                (folder / "preset.json").write_text(str(number))
                (folder / "v").write_text(str(number))
    finally:
        stop.set()
        lister.join()
        sys.setswitchinterval(switching)
    assert (target / "v").read_text() == "499"
    assert names(tmp_path) == ["p", "q"]
    assert listed == {(target,)}
    assert seen == {True}
    assert problems == []


def test_a_folder_between_its_two_renames_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two names cannot be exchanged, a preset that was being saved was missing in the list, and not found."""
    kept, long = preset_like(tmp_path / "mine"), preset_like(tmp_path / ("m" * 230))
    pauses = 0

    def save_ends(_: float) -> None:
        nonlocal pauses
        pauses += 1
        new.rename(saved)
        shutil.rmtree(away)

    monkeypatch.setattr(folders.time, "sleep", save_ends)
    for saved in (kept, long):
        away, new = beside_of(saved, "old"), preset_like(beside_of(saved, "new"))
        os.utime(saved)
        saved.rename(away)
        with monkeypatch.context() as patched:
            patched.setattr(folders, "sweep_leftovers", lambda *_: None)  # who saves has a lock
            assert subfolders(tmp_path, "preset.json") == sorted((kept, long))
    assert pauses == 2
    preset_like(beside_of(tmp_path / "first", "new"))
    assert subfolders(tmp_path, "preset.json") == sorted((kept, long)), "a first save is no reason to wait"
    assert pauses == 2
    # Nor is what a killed process had moved away of another kind: nobody who lists presets puts it back.
    left = beside_of(tmp_path / "network", "old")
    left.mkdir()
    (left / "network.json").write_text("{}")
    assert subfolders(tmp_path, "preset.json") == sorted((kept, long))
    assert left.exists()
    assert pauses == 2


@pytest.mark.long
@pytest.mark.usefixtures("_way")
def test_two_who_save_one_folder_come_one_after_the_other(tmp_path: Path) -> None:
    """Where names cannot be exchanged, one was told that its folder had been removed, or was not empty."""
    target, problems = tmp_path / "p", list[str]()
    switching = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)

    def save(who: str) -> None:
        for number in range(100):
            try:
                with replacing_folder(target) as folder:
                    (folder / "one").write_text(f"{who}{number}")
                    (folder / "other").write_text(f"{who}{number}")
            except StudioError as error:
                problems.append(str(error))

    savers = [threading.Thread(target=save, args=(who,)) for who in "abc"]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    sys.setswitchinterval(switching)
    assert problems == []
    assert (target / "one").read_text() == (target / "other").read_text()
    assert (target / "one").read_text().endswith("99")
    subfolders(tmp_path, "one")
    assert names(tmp_path) == ["p"]


def test_a_sharing_violation_is_tried_five_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class SharedError(PermissionError):
        winerror = 32

    tries = 0
    replace = Path.replace

    def shared(self: Path, target: Path) -> Path:
        nonlocal tries
        tries += 1
        if tries % 5:
            raise SharedError(13, "used by another process", str(self))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", shared)
    write_bytes(tmp_path / "a", b"x")
    assert tries == 5
    assert (tmp_path / "a").read_bytes() == b"x"

    def never(_: Path, target: Path) -> Path:
        raise SharedError(13, "used by another process", str(target))

    monkeypatch.setattr(Path, "replace", never)
    for number, why in ((32, "something else uses it; close that first"), (5, "permission is denied")):
        SharedError.winerror = number
        with pytest.raises(StudioError, match=rf"cannot write .*a: {why}"):
            write_bytes(tmp_path / "a", b"y")
    assert (tmp_path / "a").read_bytes() == b"x"
    assert names(tmp_path) == ["a"]


def test_an_error_at_the_old_folder_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").mkdir()

    def denied(_: Path, other: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(other))

    monkeypatch.setattr(_swap, "exchange", denied)
    with pytest.raises(StudioError, match=r"cannot write .*p: permission is denied"), replacing_folder(tmp_path / "p"):
        pass
    assert names(tmp_path) == ["p"]


def test_rights_are_kept(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"x")
    (tmp_path / "a").chmod(0o600)
    write_bytes(tmp_path / "a", b"y")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with replacing_folder(tmp_path / "p") as beside:
        (beside / "b").touch()
    (tmp_path / "p").chmod(0o700)
    (tmp_path / "p" / "b").chmod(0o640)
    with replacing_folder(tmp_path / "p") as beside:
        (beside / "b").touch()
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "p" / "b").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="files have no such rights there")
def test_by_whose_rights_a_file_runs_is_not_handed_on(tmp_path: Path) -> None:
    """What takes the place of another's file would run by the rights of whoever wrote it."""
    path, folder = tmp_path / "a.txt", tmp_path / "a"
    folder.mkdir()
    for file in (path, folder / "b.txt"):
        file.write_text("one")
        file.chmod(0o6750)
    write_bytes(path, b"two")
    with replacing_folder(folder) as new:
        (new / "b.txt").write_text("two")
    for file in (path, folder / "b.txt"):
        assert file.read_text() == "two"
        assert stat.S_IMODE(file.stat().st_mode) == 0o750


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StudioError, match="it is a pipe or a device"):
        write_bytes(tmp_path / "pipe", b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a b.png", b"one", overwrite=False)
    with pytest.raises(FileExistsError):
        write_bytes(tmp_path / "a b.png", b"two", overwrite=False)
    assert write_free(tmp_path / "a b.png", b"three") == tmp_path / "a b 2.png"
    assert (tmp_path / "a b.png").read_bytes() == b"one"
    assert names(tmp_path) == ["a b 2.png", "a b.png"]


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


@pytest.mark.parametrize("way", ["a file", "a folder", "a folder that is exchanged by renames"])
def test_a_disk_that_fails_once_all_is_in_place_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    # The new content stood there, whole, and it was said that it could not be written.
    name = tmp_path / "a"
    if way == "a file":
        name.write_text("old")
    else:
        name.mkdir()
        (name / "x").write_text("old")
    if way.endswith("renames"):
        monkeypatch.setattr(_swap, "exchange", lambda *_: False)
    real = os.fsync

    def fails(handle: int) -> None:
        if os.path.samestat(os.fstat(handle), tmp_path.stat()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(os, "fsync", fails)
    if way == "a file":
        write_bytes(name, b"new")
        assert name.read_bytes() == b"new"
    else:
        with replacing_folder(name) as beside:
            (beside / "x").write_text("new")
        assert (name / "x").read_text() == "new"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("code", [errno.ETIMEDOUT, errno.ESTALE, errno.EMFILE, errno.ENXIO, errno.ENOSPC])
def test_whatever_a_write_fails_with_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    (tmp_path / "a").write_text("old")

    def fails(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StudioError, match=f"cannot write {tmp_path / 'a'}: "):
        write_bytes(tmp_path / "a", b"new")
    with pytest.raises(StudioError, match="cannot write"), replacing(tmp_path / "a") as beside, beside.open("wb"):
        fails(0)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"
