"""What a command is run as: its arguments, environment and user (mesos-protocol.md §3.4, §3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from actors.executor.settings import PRIVATE_PREFIX
from transport.messages.container_spec import ConsoleSpec, ContainerSpec
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.task import TaskInfo

#: Where programs are looked up unless the environment says so: an agent passes none of its own on.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def task_environment(executor: Mapping[str, str], task: TaskInfo, sandbox: str) -> dict[str, str]:
    """What a task's processes find in their environment: the executor's, then the task's, then the role's."""
    environment = {"PATH": PATH}
    environment |= {name: value for name, value in executor.items() if not name.startswith(PRIVATE_PREFIX)}
    environment["MESOS_SANDBOX"] = sandbox
    if task.command is not None:
        environment |= variables(task.command.environment)
    role = _role(task)
    if role is not None:
        environment["MESOS_ALLOCATION_ROLE"] = role
    return environment


def container_spec(
    command: CommandInfo | None,
    *,
    environment: Mapping[str, str],
    directory: str,
    user: str | None,
    container: ContainerInfo | None = None,
) -> ContainerSpec:
    """How to run a command in its sandbox; raises ValueError when it names nothing to run, or files to fetch.

    `user` is whose the sandbox is, or None where users cannot be switched to; a command may name another.
    `container` may ask for a terminal.
    """
    if command is None:
        raise ValueError("command: must be set")
    if command.uris:
        raise ValueError("command.uris: this agent fetches nothing into sandboxes")
    return ContainerSpec(
        arguments=_arguments(command),
        directory=directory,
        environment=environment,
        user=None if user is None else command.user or user,
        stdout=f"{directory}/stdout",
        stderr=f"{directory}/stderr",
        console=_console(container),
    )


def variables(environment: Environment | None) -> dict[str, str]:
    """An environment as names and values; secrets must have been resolved to their values."""
    found: dict[str, str] = {}
    for variable in () if environment is None else environment.variables:
        if variable.value is not None:
            found[variable.name] = variable.value
        elif variable.secret is not None and variable.secret.value is not None:
            found[variable.name] = variable.secret.value.data.decode(errors="surrogateescape")
    return found


def _console(container: ContainerInfo | None) -> ConsoleSpec | None:
    if container is None or container.tty_info is None:
        return None
    size = container.tty_info.window_size
    return ConsoleSpec(terminal=(0, 0) if size is None else (size.rows, size.columns))


def _arguments(command: CommandInfo) -> tuple[str, ...]:
    shell = command.shell is None or command.shell
    if not command.value:
        raise ValueError(f"command.value: must name {'a shell command' if shell else 'a program'}")
    if shell:
        return "/bin/sh", "-c", command.value
    # The first of `arguments` is what the program is told its own name is; here that is `value`.
    return command.value, *command.arguments[1:]


def _role(task: TaskInfo) -> str | None:
    roles = (resource.allocation_info.role for resource in task.resources if resource.allocation_info)
    return next((role for role in roles if role is not None), None)
