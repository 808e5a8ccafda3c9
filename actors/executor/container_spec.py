"""What a command is run as: its arguments, environment and user (mesos-protocol.md §3.4, §3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from actors.executor.settings import PRIVATE_PREFIX
from transport.messages.container_spec import ConsoleSpec, ContainerSpec, WantedFile
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.task import TaskInfo

#: Where programs are looked up unless the environment says so: an agent passes none of its own on.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: The longest argument, or variable with its name, that Linux lets a program have, with a NUL at its end.
_LONGEST_BYTES = 131_072


def visible(environment: Mapping[str, str]) -> dict[str, str]:
    """What tasks see of their executor's environment."""
    return {name: value for name, value in environment.items() if not name.startswith(PRIVATE_PREFIX)}


def container_spec(
    command: CommandInfo | None,
    *,
    environment: Mapping[str, str],
    directory: str,
    user: str | None,
    container: ContainerInfo | None = None,
) -> ContainerSpec:
    """How to run a command in its sandbox; raises ValueError naming the field of what cannot be run.

    `user` is whose the sandbox is, or None where users cannot be switched to; a command may name another.
    `container` may ask for a terminal.
    """
    if command is None:
        raise ValueError("command: must be set")
    check_environment(environment)
    return ContainerSpec(
        arguments=_arguments(command),
        directory=directory,
        environment=environment,
        user=None if user is None else command.user or user,
        stdout=f"{directory}/stdout",
        stderr=f"{directory}/stderr",
        console=console_of(container),
        files=wanted_files(command),
    )


def wanted_files(command: CommandInfo | None) -> tuple[WantedFile, ...]:
    """What is to be fetched before a command is run; raises ValueError."""
    found = []
    for uri in () if command is None else command.uris:
        if not uri.value or "\0" in uri.value:
            raise ValueError(f"command.uris: {uri.value!r}: must name a file")
        found.append(
            WantedFile(
                uri=uri.value,
                executable=bool(uri.executable),
                # To extract what is a program itself makes no sense, and Mesos does not either.
                extract=uri.extract is not False and not uri.executable,
                cache=bool(uri.cache),
                output_file=uri.output_file or None,
            )
        )
    return tuple(found)


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise ValueError, naming the variable, for what no program can be started with."""
    for name, value in environment.items():
        where = f"command.environment.variables: {name[:64]!r}"
        if not name or "=" in name or "\0" in name:
            raise ValueError(f"{where}: must be a name without = and NUL")
        if "\0" in value:
            raise ValueError(f"{where}: its value must not have a NUL in it")
        _check_length(where, len(name) + 1 + len(value.encode(errors="surrogateescape")))


def check_secrets(environment: Environment | None) -> None:
    """Raise ValueError for variables whose values are secrets that are only named."""
    for variable in () if environment is None else environment.variables:
        if variable.secret is not None and variable.secret.value is None:
            raise ValueError(
                f"command.environment.variables: {variable.name!r}: its secret must have a value, since this "
                "agent has no resolver of references"
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


def console_of(container: ContainerInfo | None) -> ConsoleSpec | None:
    """The terminal that a container asks for, if it does."""
    if container is None or container.tty_info is None:
        return None
    size = container.tty_info.window_size
    return ConsoleSpec(terminal=(0, 0) if size is None else (size.rows, size.columns))


def is_shell(command: CommandInfo) -> bool:
    """Whether a command's value is for the shell."""
    return command.shell is None or command.shell


def check_arguments(arguments: tuple[str, ...]) -> None:
    """Raise ValueError for what no program can be started with."""
    for argument in arguments:
        if "\0" in argument:
            raise ValueError("command: neither its value nor an argument may have a NUL in it")
        _check_length("command: an argument", len(argument.encode(errors="surrogateescape")))


def _arguments(command: CommandInfo) -> tuple[str, ...]:
    shell = is_shell(command)
    if not command.value:
        raise ValueError(f"command.value: must name {'a shell command' if shell else 'a program'}")
    # The first of `arguments` is what the program is told its own name is; here that is `value`.
    arguments = ("/bin/sh", "-c", command.value) if shell else (command.value, *command.arguments[1:])
    check_arguments(arguments)
    return arguments


def _check_length(where: str, length: int) -> None:
    if length >= _LONGEST_BYTES:
        raise ValueError(f"{where}: has {length} bytes, and must have less than {_LONGEST_BYTES}")


def role_of(task: TaskInfo) -> str | None:
    """The role that a task runs for."""
    roles = (resource.allocation_info.role for resource in task.resources if resource.allocation_info)
    return next((role for role in roles if role is not None), None)
