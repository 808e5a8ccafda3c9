from __future__ import annotations

import pytest

from actors.executor.container_spec import PATH, container_spec, task_environment, variables
from tests.actors.executor.tasks import command_task, environment
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
        (CommandInfo(value="./run", uris=(CommandInfo.URI(value="http://h/run"),)), "command.uris: "),
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


def test_a_task_finds_its_executors_environment_then_its_own_then_its_role() -> None:
    command = CommandInfo(
        value="true", environment=environment({"B": "task", "C": "task", "MESOS_ALLOCATION_ROLE": "forged"})
    )
    found = task_environment(
        {"A": "executor", "B": "executor", "PION_AGENT_PID": "agent@h:1", "MESOS_SANDBOX": "/elsewhere"},
        command_task(command=command, role="web"),
        "/sandbox",
    )
    assert found == {
        "PATH": PATH,
        "A": "executor",
        "B": "task",
        "C": "task",
        "MESOS_SANDBOX": "/sandbox",
        "MESOS_ALLOCATION_ROLE": "web",
    }


def test_the_path_may_be_another() -> None:
    assert task_environment({"PATH": "/opt"}, command_task(), "/s")["PATH"] == "/opt"


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
