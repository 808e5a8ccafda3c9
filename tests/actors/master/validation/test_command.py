"""Commands, environments and secrets."""

from __future__ import annotations

import pytest

from actors.master.validation.command import command_error, secret_error
from transport.records.command import CommandInfo, Environment
from transport.records.secret import Secret

Variable = Environment.Variable
SECRET, VALUE = Variable.Type.SECRET, Variable.Type.VALUE
REFERENCE = Secret(type=Secret.Type.REFERENCE, reference=Secret.Reference(name="vault"))
HIDDEN = Secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"hush"))
BINARY = Secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"hu\0sh"))


def command(variable: Environment.Variable) -> CommandInfo:
    return CommandInfo(value="true", environment=Environment(variables=(variable,)))


def test_a_command_with_values_and_secrets_is_fine() -> None:
    assert command_error(CommandInfo(value="true")) is None
    assert command_error(CommandInfo()) is None
    assert command_error(command(Variable(name="A", value="1"))) is None
    assert command_error(command(Variable(name="A", type=VALUE, value=""))) is None
    assert command_error(command(Variable(name="A", type=SECRET, secret=REFERENCE))) is None
    assert command_error(command(Variable(name="A", type=SECRET, secret=HIDDEN))) is None


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        (Variable(name="A"), "must have a value, being of type VALUE"),
        (Variable(name="A", value="1", secret=HIDDEN), "must not have a secret, being of type VALUE"),
        (Variable(name="A", type=SECRET), "must have a secret, being of type SECRET"),
        (
            Variable(name="A", type=SECRET, value="1", secret=HIDDEN),
            "must not have a value, being of type SECRET",
        ),
        (Variable(name="A", type=SECRET, secret=Secret()), "a secret must have type REFERENCE or VALUE"),
        (Variable(name="A", type=SECRET, secret=BINARY), "must not have zero bytes"),
        (Variable(name="A", type=Variable.Type.UNKNOWN, value="1"), "type must be VALUE or SECRET"),
    ],
)
def test_a_variable_has_what_its_type_says(variable: Environment.Variable, told: str) -> None:
    error = command_error(command(variable))
    assert error is not None
    assert error.startswith("command.environment variable 'A': ")
    assert told in error


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (Secret(type=Secret.Type.REFERENCE), "REFERENCE must have reference and not value"),
        (Secret(type=Secret.Type.REFERENCE, reference=REFERENCE.reference, value=HIDDEN.value), "not value"),
        (Secret(type=Secret.Type.VALUE), "VALUE must have value and not reference"),
        (Secret(type=Secret.Type.VALUE, reference=REFERENCE.reference, value=HIDDEN.value), "not reference"),
        (Secret(type=Secret.Type.UNKNOWN), "type REFERENCE or VALUE"),
    ],
)
def test_a_secret_has_what_its_type_says(secret: Secret, told: str) -> None:
    error = secret_error(secret)
    assert error is not None
    assert told in error
