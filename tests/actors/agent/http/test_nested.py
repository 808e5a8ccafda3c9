from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.executor.guests import GUESTS
from tests.actors.agent.http import calls
from tests.actors.agent.http.house import TASK, House, house, processes_of, wait_until
from transport.http.media_type import Encoding
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.image import Image
from transport.records.volume import Volume

NESTED = f"{TASK}.child"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file that do not end it: each uses other containers."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def status_of(home: House, container_id: str) -> int | None:
    answer = home.ask(calls.wait(container_id)).wait_container
    assert answer is not None
    return answer.exit_status


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_nested_container_runs_in_its_own_sandbox_within_that_around_it(
    home: House, encoding: Encoding
) -> None:
    name = f"{TASK}.in-{encoding.name.lower()}"
    assert home.post(calls.launch_nested(name, "pwd; env; exit 3"), encoding) == (200, b"")
    answer = home.ask(calls.wait_nested(name), encoding)
    ended = Response.WaitNestedContainer(exit_status=3 << 8)
    assert answer == Response(type=Response.Type.WAIT_NESTED_CONTAINER, wait_nested_container=ended)
    sandbox = home.sandbox / "containers" / name.rpartition(".")[2]
    first, *environment = (sandbox / "stdout").read_text().splitlines()
    assert first == str(sandbox)
    assert f"MESOS_SANDBOX={sandbox}" in environment
    assert "MESOS_ALLOCATION_ROLE=web" in environment
    assert not any(line.startswith("COLOUR") for line in environment)


def test_a_command_has_the_environment_that_it_asks_for(home: House) -> None:
    name = f"{TASK}.environment"
    home.post(calls.launch(name, calls.shell("env", GREETING="hello", PATH="/bin:/usr/bin")))
    assert status_of(home, name) == 0
    lines = (home.sandbox / "containers" / "environment" / "stdout").read_text().splitlines()
    assert {"GREETING=hello", "PATH=/bin:/usr/bin"} <= {*lines}


def test_a_program_is_run_without_a_shell_if_it_is_asked_for_so(home: House) -> None:
    name = f"{TASK}.program"
    command = CommandInfo(shell=False, value="/bin/sh", arguments=("sh", "-c", "exit 9"))
    assert home.post(calls.launch(name, command))[0] == 200
    assert status_of(home, name) == 9 << 8


def test_a_standalone_container_runs_in_the_work_directory_and_holds_others(home: House) -> None:
    assert home.post(calls.launch("alone", "pwd; sleep 1000"))[0] == 200
    assert home.post(calls.launch("alone.inner", "pwd"))[0] == 200
    assert status_of(home, "alone.inner") == 0
    sandbox = home.work_dir / "containers" / "alone"
    assert (sandbox / "stdout").read_text() == f"{sandbox}\n"
    assert (sandbox / "containers/inner/stdout").read_text() == f"{sandbox}/containers/inner\n"
    assert home.post(calls.kill("alone"))[0] == 200
    assert status_of(home, "alone") == signal.SIGKILL


def test_who_launches_a_container_again_is_told_that_it_was_and_it_does_not_run_twice(home: House) -> None:
    name = f"{TASK}.twice"
    call = calls.launch(name, "echo once; sleep 1000")
    assert home.post(call)[0] == 200
    assert home.post(call)[0] == 202
    written = home.sandbox / "containers/twice/stdout"
    wait_until(lambda: written.read_text() == "once\n", "it wrote")
    home.post(calls.kill(name))
    status_of(home, name)
    assert home.post(call)[0] == 202
    assert written.read_text() == "once\n"


def volume(path: str, kind: Volume.Source.SandboxPath.Type) -> ContainerInfo:
    shared = Volume.Source.SandboxPath(type=kind, path="shared")
    source = Volume.Source(type=Volume.Source.Type.SANDBOX_PATH, sandbox_path=shared)
    seen = Volume(container_path=path, source=source, mode=Volume.Mode.RW)
    return ContainerInfo(type=ContainerInfo.Type.MESOS, volumes=(seen,))


def test_a_nested_container_sees_folders_of_that_around_it(home: House) -> None:
    name = f"{TASK}.sharing"
    container = volume("seen", Volume.Source.SandboxPath.Type.PARENT)
    assert home.post(calls.launch(name, "echo hello > seen/file", container))[0] == 200
    assert status_of(home, name) == 0
    assert (home.sandbox / "shared/file").read_text() == "hello\n"
    own = volume("seen", Volume.Source.SandboxPath.Type.SELF)
    for call in (
        calls.launch(f"{TASK}.refused", "true", own),
        calls.launch("alone-and-refused", "true", container),
        calls.session(f"{TASK}.session", "true", container),
    ):
        status, text = home.post(call)
        assert (status, b"container.volumes: " in text) == (400, True)


def test_the_container_of_an_executor_was_launched_already(home: House) -> None:
    assert home.post(calls.launch(TASK, "true"))[0] == 202


def test_all_who_wait_for_a_container_are_told_its_end(home: House) -> None:
    name = f"{TASK}.awaited"
    home.post(calls.launch(name, "read line < fifo || sleep 1000"))
    statuses: list[int | None] = []
    waiting = [threading.Thread(target=lambda: statuses.append(status_of(home, name))) for _ in range(5)]
    for one in waiting:
        one.start()
    home.post(calls.kill(name, signal.SIGTERM))
    for one in waiting:
        one.join()
    assert statuses == [signal.SIGTERM] * 5
    assert status_of(home, name) == signal.SIGTERM


@pytest.mark.parametrize("call", [calls.kill, calls.wait, calls.kill_nested, calls.wait_nested])
def test_a_container_that_is_not_there_cannot_be_found(home: House, call: object) -> None:
    assert callable(call)
    for name in (f"{TASK}.nobody", "nobody.child"):
        status, text = home.post(call(name))
        assert (status, text.decode()) == (404, f"container {name} cannot be found\n")


def test_nothing_is_nested_in_what_is_not_there(home: House) -> None:
    status, text = home.post(calls.launch("nobody.child", "true"))
    assert (status, text) == (404, b"container nobody cannot be found\n")
    status, text = home.post(calls.launch(f"{TASK}.nobody.child", "true"))
    assert (status, text.decode()) == (404, f"container {TASK}.nobody cannot be found\n")
    assert home.post(calls.remove("nobody.child"))[0] == 404
    assert home.post(calls.launch_nested("nobody", "true"))[0] == 400


def test_what_is_left_of_a_container_is_removed_once_it_has_ended(home: House) -> None:
    name = f"{TASK}.removed"
    home.post(calls.launch(name, "mkdir -p deep/er; ln -s / root; sleep 1000"))
    status, text = home.post(calls.remove(name))
    assert (status, text.decode()) == (409, f"container {name} has not terminated yet\n")
    home.post(calls.kill(name))
    status_of(home, name)
    assert home.post(calls.remove(name)) == (200, b"")
    assert not (home.sandbox / "containers/removed").exists()
    assert home.post(calls.wait(name))[0] == 404
    assert home.post(calls.remove_nested(name)) == (200, b"")


def test_the_container_of_an_executor_cannot_be_removed_while_it_is_there(home: House) -> None:
    assert home.post(calls.remove(TASK))[0] == 409
    assert home.sandbox.exists()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (calls.launch(NESTED, None), "launch_container.command: must be set"),
        (calls.launch(NESTED, CommandInfo()), "launch_container.command.value: must name a shell command"),
        (calls.launch(f"{TASK}.a b", "true"), "launch_container.container_id: container id 'task-1.a b'"),
        (calls.launch(f"{TASK}.{'x' * 243}", "true"), "launch_container.container_id: container id"),
        (calls.launch(".".join(["a"] * 40), "true"), "container_id: must be nested less deeply"),
        (
            calls.launch(NESTED, CommandInfo(value="true", uris=(CommandInfo.URI(value=""),))),
            "launch_container.command.uris",
        ),
        (
            calls.launch(NESTED, "true", ContainerInfo(type=ContainerInfo.Type.DOCKER)),
            "launch_container.container.type",
        ),
        (
            calls.launch(
                NESTED,
                "true",
                ContainerInfo(
                    type=ContainerInfo.Type.MESOS,
                    mesos=ContainerInfo.MesosInfo(image=Image(type=Image.Type.DOCKER)),
                ),
            ),
            "launch_container.container.mesos.image",
        ),
        (calls.kill(NESTED, 0), "kill_container.signal: must be from 1 to 64, not 0"),
        (calls.kill(NESTED, -9), "kill_container.signal"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_field(home: House, call: Call, reason: str) -> None:
    for encoding in Encoding:
        status, text = home.post(call, encoding)
        assert status == 400
        assert reason in text.decode()


def test_a_program_that_is_not_there_is_refused(home: House) -> None:
    command = CommandInfo(shell=False, value="/no/such/program")
    status, text = home.post(calls.launch(f"{TASK}.wrong", command))
    assert (status, b"/no/such/program" in text) == (400, True)
    assert home.post(calls.wait(f"{TASK}.wrong"))[0] == 404


def test_a_signal_reaches_the_container_of_a_task_too(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        assert home.post(calls.kill(TASK, signal.SIGTERM)) == (200, b"")
        assert status_of(home, TASK) == signal.SIGTERM


def test_nested_containers_end_with_that_around_them(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.post(calls.launch(f"{TASK}.one", "sleep 1000"))
        home.post(calls.launch(f"{TASK}.one.two", "setsid sleep 1000 & sleep 1000"))
        home.end_executor()
        wait_until(lambda: not processes_of(tmp_path), "all of them ended")
        wait_until(lambda: home.post(calls.wait(f"{TASK}.one"))[0] == 404, "nobody knows of them")


def test_nested_containers_end_with_the_executor_of_groups_that_has_none_itself(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.as_group()
        home.post(calls.launch("group.one", "echo hi; sleep 1000"))
        wait_until((home.sandbox / "containers/one/stdout").exists, "it runs")
        home.end_executor()
        wait_until(lambda: not processes_of(tmp_path), "it ended")


def test_who_waits_is_asked_to_try_again_when_the_executor_node_is_gone(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        answers: list[int] = []
        waiting = threading.Thread(target=lambda: answers.append(home.post(calls.wait(TASK))[0]))
        waiting.start()
        home.end_actor(GUESTS)  # whether or not the call has come by then
        waiting.join()
        assert answers == [503]


def test_without_an_executor_node_callers_are_asked_to_try_again(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.lose_node()
        for call in (calls.launch("alone", "true"), calls.wait("alone"), calls.kill("alone")):
            assert home.post(call)[0] == 503
        answer = home.ask(calls.containers(standalone=True)).get_containers
        assert answer is not None
        assert len(answer.containers) == 1
