"""A dockerd that hangs, dies and comes back, with containers that go on."""

from __future__ import annotations

import contextlib
import signal
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from containerizers.containerizer import Ended
from tests.containerizers.docker.harbour import Harbour, descriptors, eventually, on_dockerd, threads
from tests.dockerd import Dockerd, busybox, client


def harbour(own: Dockerd, folder: Path, **settings: Any) -> AbstractContextManager[Harbour]:
    quick = {"resync_seconds": 0.5, "launch_timeout_seconds": 30.0, **settings}
    return on_dockerd(own.socket, busybox(own.socket), folder, **quick)


def test_while_dockerd_hangs_containers_are_killed_and_signalled_and_launches_fail_in_time(
    own: Dockerd, tmp_path: Path
) -> None:
    with harbour(own, tmp_path) as one:
        one.launch("a", "sleep", "600")
        told = "trap 'touch /mnt/mesos/sandbox/told' TERM; touch /mnt/mesos/sandbox/ready"
        launched = one.launch("b", "sh", "-c", f"{told}; while true; do sleep 0.1; done")
        eventually((one.sandbox / "ready").exists)
        one.settings = replace(one.settings, launch_timeout_seconds=1.0, answer_timeout_seconds=1.0)
        one.restart()
        one.docker.adopt("a")
        one.docker.adopt("b")
        assert {one.launched().container_id for _ in range(2)} == {"a", "b"}
        before = descriptors()
        own.pause()
        try:
            one.docker.signal("b", signal.SIGTERM)
            eventually((one.sandbox / "told").exists)
            one.docker.destroy("b")
            eventually(lambda: _is_gone(launched.process))
            for number in range(30):
                one.docker.launch(f"c{number}", one.spec("sleep", "600"))
            failed = {one.ended() for _ in range(30)}
            error = "dockerd did not start it within 1 seconds"
            assert failed == {Ended(f"c{number}", None, error) for number in range(30)}
            assert len(threads()) <= 16 + 3
        finally:
            own.resume()
        assert one.ended() == Ended("b", 137 << 8)
        with contextlib.closing(client(own.socket)) as api:
            eventually(lambda: not [one for one in _names(api) if one.startswith("/mesos-c")])
            assert "/mesos-a" in _names(api)
        eventually(lambda: descriptors() <= before + 12, "the end of connections")
        one.docker.destroy("a")
        assert one.ended() == Ended("a", 137 << 8)


def test_containers_that_end_while_there_is_no_dockerd_are_told_with_the_right_codes(
    own: Dockerd, tmp_path: Path
) -> None:
    with harbour(own, tmp_path) as one:
        wait = "while [ ! -e /mnt/mesos/sandbox/go ]; do sleep 0.05; done"
        first = one.launch("a", "sh", "-c", f"{wait}; exit 7")
        one.launch("b", "sh", "-c", "trap 'exit 3' TERM; while true; do sleep 0.1; done")
        own.halt(signal.SIGKILL)
        (one.sandbox / "go").touch()
        eventually(lambda: _is_gone(first.process))
        assert one.silent()
        own.start()
        # It ends those that still run, as it has not been told to leave them be.
        assert {one.ended(), one.ended()} == {Ended("a", 7 << 8), Ended("b", 3 << 8)}


def test_containers_that_dockerd_ends_with_itself_are_told_with_the_right_codes(
    own: Dockerd, tmp_path: Path
) -> None:
    with harbour(own, tmp_path) as one:
        script = "trap 'echo bye; exit 5' TERM; echo ready; while true; do sleep 0.1; done"
        one.launch("a", "sh", "-c", script)
        eventually(lambda: "ready" in one.written())
        own.halt()
        own.start()
        assert one.ended() == Ended("a", 5 << 8)
        assert one.written() == "ready\nbye\n"


def _is_gone(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    try:
        return "State:\tZ" in status.read_text()
    except OSError:
        return True


def _names(api: Any) -> list[str]:
    return [name for one in api.containers(all=True) for name in one["Names"]]
