"""Where commands speak to: readers that have gone, disks that are full, streams that are closed or of an old encoding.

All commands run in one process after each other, each with streams of its own, because what they import takes seconds.
"""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import environment

from studio import __main__ as begins
from studio.io.networks import load_network
from studio.io.sources import open_source

ALL = """
import json, os, sys, traceback
from studio.cli import main

told, commands, found = os.dup(2), json.loads(sys.stdin.read()), {}
reads, pipe = os.pipe()
os.close(reads)
full = os.open("/dev/full", os.O_WRONLY)
ends = {
    "reader gone": (pipe, None), "nobody listens": (None, pipe), "neither": (pipe, pipe), "disk full": (full, None),
    "log on a full disk": (None, full), "closed": (-1, -1), "ascii": (None, None),
}
for mode in sys.argv[1:]:
    os.mkdir(mode)
    os.chdir(mode)
    for name, arguments in commands.items():
        errors = os.memfd_create("errors")
        streams = []
        for number, end in zip((1, 2), ends[mode]):
            if end == -1:
                os.close(number)
                streams.append(None)
            else:
                os.dup2(errors if end is None else end, number)
                streams.append(open(number, "w", encoding="ascii" if mode == "ascii" else "utf-8", closefd=False))
        sys.stdout, sys.stderr = streams
        sys.argv[1:] = arguments
        status, defect = 0, ""
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            status, defect = 1, traceback.format_exc()
        for stream in streams:
            try:
                stream and stream.flush()
            except OSError as error:
                defect += f"at the end of the program: {error}"
        os.lseek(errors, 0, 0)
        said = os.read(errors, 1 << 20).decode(errors="replace")
        os.close(errors)
        found.setdefault(mode, {})[name] = status, said, defect
    os.chdir("..")
with os.fdopen(told, "w") as out:
    out.write(json.dumps(found))
"""

MODES = ("reader gone", "nobody listens", "neither", "disk full", "log on a full disk", "closed", "ascii")
WORKS = ("render", "train", "train --json", "export --json", "import", "--version")
"""What is done though nobody hears of it."""


def commands(made: Path) -> dict[str, list[str]]:
    net, still = str(made / "tiny"), str(made / "still.png")
    learn = ["--steps", "2", "--size", "16", "--batch", "1", "--engine", "torch"]
    return {
        "render": ["render", still, "öut.mkv", "--frames", "0:3", "--preset", net, "--engine", "torch"],
        "train": ["train", net, still, "lernt", *learn],
        "train --json": ["train", net, still, "lernt2", *learn, "--json"],
        "export --json": ["export", net, "net.onnx", "--json"],
        "import": ["import", "net.onnx", "net"],
        "--version": ["--version"],
        "--help": ["--help"],
        "render --help": ["render", "--help"],
        "info": ["info", net],
        "info --json": ["info", net, "--json"],
        "addresses": ["addresses", net],
        "bends": ["bends"],
        "presets": ["presets"],
    }


Found = dict[str, dict[str, tuple[int, str, str]]]


@pytest.fixture(scope="module")
def spoken(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Found]:
    """The folder in which all commands have run in all modes, each in a folder of its own, and what came of them."""
    folder = tmp_path_factory.mktemp("spoken")
    ran = subprocess.run(
        [sys.executable, "-c", ALL, *MODES],
        input=json.dumps(commands(made)),
        cwd=folder,
        env=environment() | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    return folder, json.loads(ran.stderr)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
@pytest.mark.parametrize("mode", MODES)
def test_work_is_done_and_kept_whoever_hears_of_it(spoken: tuple[Path, Found], made: Path, mode: str) -> None:
    folder, found = spoken[0] / mode, spoken[1][mode]
    assert found.keys() == commands(made).keys()
    unheard = mode in ("reader gone", "neither", "disk full")
    for name, (status, said, defect) in found.items():
        assert defect == "", name
        assert status == (2 if unheard and name not in WORKS else 0), (name, said)
        if mode == "disk full" and name != "train --json":
            assert "cannot write standard output: the disk is full" in said, name
        assert "Traceback" not in said
    with open_source(str(folder / "öut.mkv")) as film:
        assert len(list(film)) == 3
    for network in ("lernt", "lernt2", "net"):
        load_network(folder / network)


def test_no_file_gets_the_number_of_a_stream_that_is_closed(tmp_path: Path) -> None:
    """What libraries print of their own accord would go into it: a recording, for one."""
    script = (
        "import os, sys; from studio.cli.streams import standard_streams\n"
        "with standard_streams():\n"
        "    opened = os.open('recording', os.O_CREAT | os.O_WRONLY)\n"
        "    print('heard'); print('told', file=sys.stderr); os.write(2, b'by a library')\n"
        "open('found', 'w').write(str(opened))\n"
    )
    subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "$1" <&- >&- 2>&-', "-", script],
        cwd=tmp_path,
        env=environment(),
        check=True,
    )
    assert int((tmp_path / "found").read_text()) > 2
    assert (tmp_path / "recording").read_bytes() == b""


@pytest.mark.parametrize("command", ["render", "export", "import", "train"])
def test_a_pipe_is_no_place_for_what_is_whole_at_its_end(
    studio_here: object, made: Path, tmp_path: Path, command: str
) -> None:
    arguments = {
        "render": ("render", made / "still.png", "-"),
        "export": ("export", made / "tiny", "-"),
        "import": ("import", made / "tiny", "-"),
        "train": ("train", made / "tiny", made / "still.png", "-"),
    }
    assert callable(studio_here)
    status, _, err = studio_here(*arguments[command])
    assert status == 2
    assert 'cannot go to a pipe ("-")' in err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_the_program_is_still_imported_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    imports = builtins.__import__

    def interrupted(name: str, *given: Any, **named: Any) -> Any:
        if name == "studio" and "cli" in (given[2] or ()):
            raise KeyboardInterrupt
        return imports(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit) as end:
        begins.main()
    assert end.value.code == 130
    assert capfd.readouterr() == ("", "")
