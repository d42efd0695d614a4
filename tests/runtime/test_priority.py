import subprocess
import sys

import pytest

PROBE = """
import os, threading, time
from studio.runtime.priority import step_back

def priority(number):
    return os.getpriority(os.PRIO_PROCESS, number)

def work():
    step_back()
    step_back()
    child = threading.Thread(target=lambda: found.append(priority(threading.get_native_id())))
    child.start()
    child.join()
    found.append(priority(threading.get_native_id()))

before, found = priority(os.getpid()), []
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(priority(os.getpid()) - before, *(each - before for each in found))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux knows threads by number")
def test_threads_in_the_background_step_back_once_and_the_main_thread_stays() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "5", "5"]
