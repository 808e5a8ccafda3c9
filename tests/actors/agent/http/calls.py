"""Calls that operators make to an agent."""

from __future__ import annotations

from actors.agent.http.containers import id_record
from transport.records.agent_call import Call
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo, TTYInfo
from transport.records.ids import ContainerID

Type = Call.Type


def text(container_id: ContainerID) -> str:
    """An id as `parent.child`."""
    parent = container_id.parent
    return container_id.value if parent is None else f"{text(parent)}.{container_id.value}"


def shell(script: str, **variables: str) -> CommandInfo:
    given = tuple(Environment.Variable(name=name, value=value) for name, value in variables.items())
    return CommandInfo(value=script, environment=Environment(variables=given) if given else None)


def terminal(rows: int, columns: int) -> ContainerInfo:
    size = TTYInfo.WindowSize(rows=rows, columns=columns)
    return ContainerInfo(type=ContainerInfo.Type.MESOS, tty_info=TTYInfo(window_size=size))


def launch(
    container_id: str, command: CommandInfo | str | None, container: ContainerInfo | None = None
) -> Call:
    given = shell(command) if isinstance(command, str) else command
    wanted = Call.LaunchContainer(container_id=id_record(container_id), command=given, container=container)
    return Call(type=Type.LAUNCH_CONTAINER, launch_container=wanted)


def launch_nested(container_id: str, command: CommandInfo | str) -> Call:
    given = shell(command) if isinstance(command, str) else command
    wanted = Call.LaunchNestedContainer(container_id=id_record(container_id), command=given)
    return Call(type=Type.LAUNCH_NESTED_CONTAINER, launch_nested_container=wanted)


def session(container_id: str, command: CommandInfo | str, container: ContainerInfo | None = None) -> Call:
    given = shell(command) if isinstance(command, str) else command
    wanted = Call.LaunchNestedContainerSession(
        container_id=id_record(container_id), command=given, container=container
    )
    return Call(type=Type.LAUNCH_NESTED_CONTAINER_SESSION, launch_nested_container_session=wanted)


def wait(container_id: str) -> Call:
    wanted = Call.WaitContainer(container_id=id_record(container_id))
    return Call(type=Type.WAIT_CONTAINER, wait_container=wanted)


def wait_nested(container_id: str) -> Call:
    wanted = Call.WaitNestedContainer(container_id=id_record(container_id))
    return Call(type=Type.WAIT_NESTED_CONTAINER, wait_nested_container=wanted)


def kill(container_id: str, signal: int | None = None) -> Call:
    wanted = Call.KillContainer(container_id=id_record(container_id), signal=signal)
    return Call(type=Type.KILL_CONTAINER, kill_container=wanted)


def kill_nested(container_id: str, signal: int | None = None) -> Call:
    wanted = Call.KillNestedContainer(container_id=id_record(container_id), signal=signal)
    return Call(type=Type.KILL_NESTED_CONTAINER, kill_nested_container=wanted)


def remove(container_id: str) -> Call:
    wanted = Call.RemoveContainer(container_id=id_record(container_id))
    return Call(type=Type.REMOVE_CONTAINER, remove_container=wanted)


def remove_nested(container_id: str) -> Call:
    wanted = Call.RemoveNestedContainer(container_id=id_record(container_id))
    return Call(type=Type.REMOVE_NESTED_CONTAINER, remove_nested_container=wanted)


def attach_output(container_id: str) -> Call:
    wanted = Call.AttachContainerOutput(container_id=id_record(container_id))
    return Call(type=Type.ATTACH_CONTAINER_OUTPUT, attach_container_output=wanted)


def containers(*, nested: bool | None = None, standalone: bool | None = None) -> Call:
    wanted = Call.GetContainers(show_nested=nested, show_standalone=standalone)
    return Call(type=Type.GET_CONTAINERS, get_containers=wanted)
