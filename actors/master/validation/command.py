"""Rules for commands, their environment, and secrets."""

from __future__ import annotations

from transport.records.command import CommandInfo, Environment
from transport.records.secret import Secret

_VariableType = Environment.Variable.Type


def command_error(command: CommandInfo) -> str | None:
    """Which rule a command breaks, or None. Whether it must have a value is for its user to say."""
    if command.environment is None:
        return None
    for variable in command.environment.variables:
        error = _variable_error(variable)
        if error is not None:
            return f"command.environment variable {variable.name!r}: {error}"
    return None


def secret_error(secret: Secret) -> str | None:
    """Which rule a secret breaks, or None."""
    if secret.type is Secret.Type.REFERENCE:
        if secret.reference is None or secret.value is not None:
            return "a secret of type REFERENCE must have reference and not value"
        return None
    if secret.type is Secret.Type.VALUE:
        if secret.value is None or secret.reference is not None:
            return "a secret of type VALUE must have value and not reference"
        return None
    return "a secret must have type REFERENCE or VALUE"


def _variable_error(variable: Environment.Variable) -> str | None:
    if variable.type is _VariableType.SECRET:
        if variable.secret is None:
            return "must have a secret, being of type SECRET"
        if variable.value is not None:
            return "must not have a value, being of type SECRET"
        error = secret_error(variable.secret)
        if error is None and variable.secret.value is not None and b"\0" in variable.secret.value.data:
            return "its secret must not have zero bytes in it"
        return error
    if variable.type is _VariableType.UNKNOWN:
        return "type must be VALUE or SECRET"
    if variable.value is None:
        return "must have a value, being of type VALUE"
    if variable.secret is not None:
        return "must not have a secret, being of type VALUE"
    return None
