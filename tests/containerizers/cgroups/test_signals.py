from __future__ import annotations

import signal
import subprocess

from containerizers.cgroups.signals import send


def test_a_signal_goes_to_all_that_are_still_there() -> None:
    with subprocess.Popen(["sleep", "1000"]) as ended, subprocess.Popen(["sleep", "1000"]) as one:
        ended.kill()
        ended.wait()
        send(signal.SIGTERM, (ended.pid, one.pid))
        assert one.wait(30) == -signal.SIGTERM
