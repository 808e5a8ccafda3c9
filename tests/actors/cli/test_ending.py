from __future__ import annotations

import subprocess
import sys

import pytest

STUCK = """
import sys, threading
from actors.cli.ending import end_within
threading.Thread(target=threading.Event().wait, args=({seconds},)).start()
end_within({most}, 3)
sys.exit(4)
"""


@pytest.mark.parametrize(("seconds", "most", "status"), [(1_000.0, 0.2, 3), (0.0, 1_000.0, 4)])
def test_a_process_ends_whatever_its_threads_wait_for(seconds: float, most: float, status: int) -> None:
    program = STUCK.format(seconds=seconds, most=most)
    done = subprocess.run([sys.executable, "-c", program], timeout=60.0, check=False)
    assert done.returncode == status
