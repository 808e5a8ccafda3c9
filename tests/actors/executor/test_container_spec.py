from __future__ import annotations

from types import ModuleType

import msgspec
import pytest

from actors.executor.container_spec import check_secrets, container_spec, variables, wanted_files
from containerizers import containerizer, spec
from transport.messages import container_spec as told_spec
from transport.messages import containing
from transport.messages.container_spec import ContainerSpec, WantedFile
from transport.records.command import CommandInfo, Environment
from transport.records.secret import Secret


def arguments(command: CommandInfo) -> tuple[str, ...]:
    return container_spec(command, environment={}, directory="/s", user=None).arguments


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (CommandInfo(value="echo $HOME"), ("/bin/sh", "-c", "echo $HOME")),
        (CommandInfo(value="ls", shell=True, arguments=("ignored",)), ("/bin/sh", "-c", "ls")),
        (CommandInfo(value="/bin/ls", shell=False), ("/bin/ls",)),
        (CommandInfo(value="/bin/ls", shell=False, arguments=("ls", "-l")), ("/bin/ls", "-l")),
    ],
)
def test_a_command_is_for_the_shell_or_a_program_with_its_arguments(
    command: CommandInfo, expected: tuple[str, ...]
) -> None:
    assert arguments(command) == expected


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        (None, "command: must be set"),
        (CommandInfo(), "command.value: must name a shell command"),
        (CommandInfo(value="", shell=False), "command.value: must name a program"),
        (CommandInfo(value="./run", uris=(CommandInfo.URI(value=""),)), "command.uris: ''"),
        (CommandInfo(value="echo \0"), "command: neither"),
        (CommandInfo(value="x" * 131_072), "command: an argument: has 131072 bytes"),
    ],
)
def test_a_command_that_cannot_be_run_is_refused(command: CommandInfo | None, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        container_spec(command, environment={}, directory="/s", user=None)


@pytest.mark.parametrize(
    ("own", "sandbox_user", "user"),
    [(None, "alice", "alice"), ("bob", "alice", "bob"), ("bob", None, None), (None, None, None)],
)
def test_a_command_may_name_its_user_where_users_can_be_switched_to(
    own: str | None, sandbox_user: str | None, user: str | None
) -> None:
    command = CommandInfo(value="true", user=own)
    assert container_spec(command, environment={}, directory="/s", user=sandbox_user).user == user


def test_output_goes_to_the_sandbox() -> None:
    spec = container_spec(CommandInfo(value="true"), environment={"A": "1"}, directory="/s", user=None)
    assert (spec.directory, spec.stdout, spec.stderr) == ("/s", "/s/stdout", "/s/stderr")
    assert spec.environment == {"A": "1"}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("A=B", "1", "'A=B': must be a name"),
        ("", "1", "'': must be a name"),
        ("A\0", "1", "must be a name"),
        ("A", "\0", "'A': its value"),
        ("A", "x" * 10 * 2**20, "'A': has 10485762 bytes, and must have less than 131072"),
    ],
)
def test_an_environment_that_no_program_can_have_is_refused(name: str, value: str, rule: str) -> None:
    with pytest.raises(ValueError, match=f"command.environment.variables: .*{rule}"):
        container_spec(CommandInfo(value="true"), environment={name: value}, directory="/s", user=None)


def test_files_are_wanted_as_they_are_asked_for_but_programs_are_never_extracted() -> None:
    uri = CommandInfo.URI
    command = CommandInfo(
        value="true",
        uris=(
            uri(value="http://h/a.tar"),
            uri(value="http://h/b", executable=True, cache=True, output_file="c"),
            uri(value="/d.zip", extract=False),
        ),
    )
    assert wanted_files(command) == (
        WantedFile(uri="http://h/a.tar"),
        WantedFile(uri="http://h/b", executable=True, extract=False, cache=True, output_file="c"),
        WantedFile(uri="/d.zip", extract=False),
    )
    spec = container_spec(command, environment={}, directory="/s", user=None)
    assert spec.files == wanted_files(command)


def test_secrets_are_values_once_they_are_resolved() -> None:
    value = Secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"s3cret"))
    reference = Secret(type=Secret.Type.REFERENCE, reference=Secret.Reference(name="vault"))
    of_secrets = Environment(
        variables=(
            Environment.Variable(name="KEY", type=Environment.Variable.Type.SECRET, secret=value),
            Environment.Variable(name="LATER", type=Environment.Variable.Type.SECRET, secret=reference),
        )
    )
    assert variables(of_secrets) == {"KEY": "s3cret"}
    assert variables(None) == {}
    with pytest.raises(ValueError, match="variables: 'LATER': its secret must have a value"):
        check_secrets(of_secrets)


def _structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    return [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ]


def _declared(kind: type[msgspec.Struct]) -> dict[str, tuple[str, object]]:
    """Each field's type, as it is spelled, and its default."""
    return {
        field.name: (str(kind.__annotations__[field.name]), field.default)
        for field in msgspec.structs.fields(kind)
    }


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        *((kind, getattr(told_spec, kind.__name__)) for kind in _structs(spec) if kind is not spec.Spec),
        (spec.Spec, ContainerSpec),
        (containerizer.Usage, containing.ContainerUsage),
        (containerizer.Limitation, containing.Limitation),
    ],
    ids=lambda kind: kind.__name__,
)
def test_what_actors_tell_each_other_of_containers_is_what_containerizers_take(
    inner: type[msgspec.Struct], told: type[msgspec.Struct]
) -> None:
    more: dict[type, set[str]] = {
        ContainerSpec: {"files"},
        containing.ContainerUsage: {"volumes"},
    }  # the doing of other actors
    known = _declared(told)
    assert {name: known.pop(name) for name in _declared(inner)} == _declared(inner)
    assert set(known) == more.get(told, set())
