"""A program that ends in the middle of a step ends by its own exit status, not by a segmentation fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.runtime.services import leaving

_ENDS = """
import sys, threading, time
import torch
from studio.runtime.services.leaving import leave

def work():
    weights = torch.rand(400, 400, requires_grad=True)
    began.set()
    while True:
        (weights @ weights).sum().backward()

began = threading.Event()
threading.Thread(target=work, name=sys.argv[1], daemon=True).start()
began.wait()
time.sleep(0.2)
print("said", end="")
sys.exit(leave(int(sys.argv[2])))
"""


@pytest.mark.parametrize("status", [0, 3])
def test_a_step_that_goes_on_does_not_outlive_python(status: int) -> None:
    found = subprocess.run([sys.executable, "-c", _ENDS, "learn", str(status)], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (status, "said", "")


def test_what_is_being_written_is_written_to_its_end(tmp_path: Path) -> None:
    write = """
from pathlib import Path
from studio.runtime.services.aside import aside
aside(lambda: (time.sleep(1), Path(sys.argv[3]).write_text("whole")), "write still")
sys.exit("""
    still = tmp_path / "still"
    command = [sys.executable, "-c", _ENDS.replace("\nsys.exit(", write), "learn", "3", str(still)]
    assert subprocess.run(command, capture_output=True).returncode == 3
    assert still.read_text() == "whole"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_disk_that_does_not_answer_holds_no_process_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "silent")
    program = """
import sys
from pathlib import Path
from studio.runtime.services.aside import aside
from studio.runtime.services.leaving import end_within
from studio.runtime.services.log import open_log

open_log(Path(sys.argv[2]))
end_within(0.5, 3, lambda: ["Exporting to a.onnx"])
aside(Path(sys.argv[1]).read_bytes, "write still")
Path(sys.argv[1]).read_bytes()
"""
    log = tmp_path / "studio.log"
    assert (
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "silent"), str(log)], timeout=300).returncode == 3
    )
    assert "The studio ended before this was written: Exporting to a.onnx, write still" in log.read_text()


def test_where_every_thread_has_ended_the_program_ends_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "NATIVE", frozenset({"nobody"}))
    assert leaving.leave(3) == 3


def test_the_names_are_those_of_threads_that_there_are() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(leaving.__file__).parents[2].rglob("*.py"))
    assert [name for name in leaving.NATIVE if f'name="{name}"' not in text] == []
