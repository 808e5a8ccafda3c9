from __future__ import annotations

from pathlib import Path

from actors.agent.container_flags import ContainerFlags
from actors.executor.containerizers import Containerizers
from actors.flags import load
from containerizers.composing import ComposingContainerizer
from containerizers.containerizer import Containerizer, Event
from containerizers.process import ProcessContainerizer


def make(folder: Path, *words: str) -> tuple[Containerizers, Containerizer]:
    flags = load(ContainerFlags, words, {}, prefix="MESOS_")
    containerizers = Containerizers(folder, flags)
    events: list[Event] = []
    return containerizers, containerizers(events.append, lambda _seconds, _callback: None)


def test_by_default_containers_are_plain_processes(tmp_path: Path) -> None:
    containerizers, made = make(tmp_path)
    assert type(made) is ProcessContainerizer
    assert (containerizers.usage(), containerizers.processes()) == ({}, {})
    assert (containerizers.destroy_errors(), containerizers.pull_seconds()) == (0, ())
    made.close()


def test_the_next_one_closes_the_one_before(tmp_path: Path) -> None:
    containerizers, first = make(tmp_path)
    second = containerizers(lambda _event: None, lambda _seconds, _callback: None)
    assert second is not first
    second.close()


def test_with_docker_there_are_two(tmp_path: Path) -> None:
    socket = tmp_path / "none.sock"
    _, made = make(tmp_path, "--containerizers=docker,mesos", f"--docker_socket={socket}")
    assert isinstance(made, ComposingContainerizer)
    made.close()
