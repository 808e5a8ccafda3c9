"""How a process ended, as the kernel tells it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from containerizers.docker.exits import exit_code


@pytest.mark.parametrize(("status", "code"), [(0, 0), (7, 7), (255, 255), (-signal.SIGKILL, 137)])
def test_a_kernel_that_tells_it_tells_it_right(status: int, code: int) -> None:
    program = f"import os, sys; os.kill(os.getpid(), {-status}) if {status} < 0 else sys.exit({status})"
    child = subprocess.Popen([sys.executable, "-S", "-c", program])
    descriptor = os.pidfd_open(child.pid)
    child.wait()
    # Kernels before 6.15 do not.
    assert exit_code(descriptor) in (code, None)
    os.close(descriptor)


def test_who_runs_has_not_ended() -> None:
    descriptor = os.pidfd_open(os.getpid())
    assert exit_code(descriptor) is None
    assert not select.select([descriptor], [], [], 0)[0]
    os.close(descriptor)


def test_other_files_tell_nothing() -> None:
    reader, writer = os.pipe()
    assert exit_code(reader) is None
    os.close(reader)
    os.close(writer)
