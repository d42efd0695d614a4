import os
import subprocess
import sys

import pytest

from studio.runtime.services.priority import shorten_turns, spin_little

PROBE = """
import os, threading, time
from studio.runtime.services.priority import step_back

def priority(number):
    return os.getpriority(os.PRIO_PROCESS, number)

def draw():
    # A software rasteriser's worker, as Mesa names them.
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as name:
        name.write("llvmpipe-0")
    named.set()
    done.wait()
    found.append(priority(threading.get_native_id()))

def work():
    step_back()
    step_back()
    child = threading.Thread(target=lambda: found.append(priority(threading.get_native_id())))
    child.start()
    child.join()
    found.append(priority(threading.get_native_id()))

before, found = priority(os.getpid()), []
named, done = threading.Event(), threading.Event()
rasteriser, thread = threading.Thread(target=draw), threading.Thread(target=work)
rasteriser.start()
named.wait()
thread.start()
thread.join()
done.set()
rasteriser.join()
print(before, priority(os.getpid()) - before, *(each - before for each in found))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux knows threads by number")
def test_threads_in_the_background_step_back_once_and_the_main_thread_stays() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True)
    own, *found = map(int, done.stdout.split())
    # There is no further back than 19, where tests are run that far back themselves.
    assert found == [0, *[min(10, 19 - own)] * 3]


def test_threads_take_short_turns_with_python() -> None:
    before = sys.getswitchinterval()
    try:
        # Python's own; a studio opened by another test has shortened it already.
        sys.setswitchinterval(0.005)
        shorten_turns()
        assert sys.getswitchinterval() < 0.0003
    finally:
        sys.setswitchinterval(before)


def test_threads_that_wait_for_each_other_sleep_soon_unless_the_person_has_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where two processes want the same cores, threads that go round while they wait take them from both."""
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    spin_little()
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) < 20_000
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    spin_little()
    assert os.environ["GOMP_SPINCOUNT"] == "7"
