import os
import signal
import subprocess
import sys
import time

import pytest

from aiinfra.local.process import Process, started

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture
def run():
    children = []

    def start(code, mark):
        child = subprocess.Popen([sys.executable, "-c", code, mark], stdout=subprocess.PIPE)
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_process_is_its_id_its_start_and_its_mark(run):
    child = run(SLEEP, "mark-1")
    there = Process(child.pid, started(child.pid), "mark-1")
    assert there.alive
    assert not Process(child.pid, "another boot 12345", "mark-1").alive
    assert not Process(child.pid, started(child.pid), "mark-2").alive
    assert not Process(2**22 + 1, "", "mark-1").alive


def test_another_process_with_the_same_id_is_never_ended(run):
    child = run(SLEEP, "mark-1")
    assert Process(child.pid, "another boot 12345", "mark-1").stop(0.2)
    assert Process(child.pid, started(child.pid), "mark-2").stop(0.2)
    assert child.poll() is None


def test_ended_but_not_collected_is_not_alive(run):
    child = run("pass", "mark-1")
    there = Process(child.pid, started(child.pid), "mark-1")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not there.alive


def test_stop_asks_first(run):
    child = run(SLEEP, "mark-1")
    assert Process(child.pid, started(child.pid), "mark-1").stop(10)
    assert child.wait() == -signal.SIGTERM


def test_stop_ends_what_does_not_listen(run):
    child = run(STUBBORN, "mark-1")
    child.stdout.readline()
    begin = time.monotonic()
    assert not Process(child.pid, started(child.pid), "mark-1").stop(0.3)
    assert child.wait() == -signal.SIGKILL
    assert time.monotonic() - begin < 60
