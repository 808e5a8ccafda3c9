from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from containerizers.containerizer import Ended
from containerizers.linux.launcher_process import LauncherProcess
from containerizers.linux.order import Answer, Order
from tests.containerizers.containers import runs, wait_until
from tests.containerizers.linux.containers import NAMESPACES, LinuxContainers, children
from tests.stopping import stop


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[LinuxContainers]:
    with LinuxContainers(tmp_path) as made:
        yield made


def helpers() -> list[int]:
    return [process for process, name in children().items() if name.startswith("python") and runs(process)]


def test_it_is_not_there_before_it_is_needed(containers: LinuxContainers) -> None:
    assert helpers() == []
    containers.run("one", "true", isolation=NAMESPACES)
    assert len(helpers()) == 1


def test_when_it_was_killed_another_takes_its_place_and_containers_go_on(
    containers: LinuxContainers,
) -> None:
    containers.launch("one", "sleep", "1000", isolation=NAMESPACES)
    (first,) = helpers()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not runs(first), "it was killed")
    assert containers.run("two", "sh", "-c", "exit 2", isolation=NAMESPACES) == Ended("two", 2 << 8)
    assert len(helpers()) == 1
    assert runs(containers.launched["one"])
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", signal.SIGTERM)


def test_when_it_is_killed_while_it_is_asked_the_program_runs_once(
    containers: LinuxContainers, tmp_path: Path
) -> None:
    containers.run("first", "true", isolation=NAMESPACES)
    (helper,) = helpers()
    stop(helper)
    asking = threading.Thread(
        target=containers.sh, args=("one", "echo >> ran"), kwargs={"isolation": NAMESPACES}
    )
    asking.start()
    wait_until((containers.runtime_dir / "containers/one").exists, "it is about to be asked")
    os.kill(helper, signal.SIGKILL)
    asking.join()
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", 0)
    assert (tmp_path / "ran").read_text() == "\n"


def test_what_it_made_before_it_died_never_runs(
    containers: LinuxContainers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = LauncherProcess.make
    lost: list[Answer] = []

    def forgetful(self: LauncherProcess, order: Order, descriptors: Sequence[int]) -> Answer | None:
        answer = make(self, order, descriptors)
        if answer is not None and not lost:
            lost.append(answer)
            return None
        return answer

    monkeypatch.setattr(LauncherProcess, "make", forgetful)
    containers.sh("one", "echo >> ran", isolation=NAMESPACES)
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", 0)
    assert (tmp_path / "ran").read_text() == "\n"
    (answer,) = lost
    process, idler = answer.process, answer.idler
    assert idler is not None
    wait_until(lambda: not runs(process), "the first attempt has ended")
    os.waitpid(process, 0)
    wait_until(lambda: not runs(idler), "and the first process of its namespace")


def test_if_it_always_dies_the_container_ends_with_that_reason(
    containers: LinuxContainers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LauncherProcess, "make", lambda *_: None)
    ended = containers.run("one", "true", isolation=NAMESPACES)
    assert ended == Ended("one", None, "the launcher's process ends whenever it is asked for something")


def test_a_request_of_any_size_arrives(containers: LinuxContainers, tmp_path: Path) -> None:
    environment = {"PATH": "/bin", **{f"V{number}": "x" * 100_000 for number in range(10)}}
    out = str(tmp_path / "out")
    containers.run("one", "sh", "-c", "echo $V9 | wc -c", environment=environment, stdout=out)
    assert (tmp_path / "out").read_text() == "100001\n"


def test_any_bytes_arrive(containers: LinuxContainers, tmp_path: Path) -> None:
    odd = os.fsdecode(b'\xff\xfe \xc3\xa4 "\\\n')
    out = str(tmp_path / "out")
    containers.run("one", "printenv", "ODD", environment={"PATH": "/bin:/usr/bin", "ODD": odd}, stdout=out)
    assert (tmp_path / "out").read_bytes() == os.fsencode(odd) + b"\n"
