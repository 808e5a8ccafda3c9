"""What an executor finds in its environment (mesos-protocol.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from actors.agent.flags import AgentFlags
from actors.executor.container_spec import variables
from actors.flags import FlagError
from actors.units import Duration
from transport.pid import Address, Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo

#: Where a native driver finds its agent: `agent@host:port` of the network of actors.
AGENT_PID: Final = "PION_AGENT_PID"
#: What executors get of the agent's own environment: what libmesos is to listen at, on hosts without DNS.
_INHERITED: Final = ("LIBPROCESS_IP",)


def executor_environment(
    flags: AgentFlags,
    fixed: Mapping[str, str],
    agent: Pid,
    agent_id: str,
    framework: FrameworkInfo,
    executor: ExecutorInfo,
    sandbox: str,
) -> dict[str, str]:
    """The environment of an executor: `fixed`, over it what the agent says, over that the executor's own.

    `fixed` is that of the flag --executor_environment_variables. A variable whose value is a secret that is
    only named is left out.
    """
    assert framework.id is not None
    checkpoint = bool(framework.checkpoint)
    web = Address(agent.host, flags.port)
    environment = {
        **fixed,
        "MESOS_FRAMEWORK_ID": framework.id.value,
        "MESOS_EXECUTOR_ID": executor.executor_id.value,
        "MESOS_SLAVE_ID": agent_id,
        "MESOS_DIRECTORY": sandbox,
        "MESOS_SANDBOX": sandbox,
        "MESOS_SLAVE_PID": f"slave(1)@{web}",
        "MESOS_AGENT_ENDPOINT": str(web),
        AGENT_PID: str(agent.whoever()),
        "MESOS_CHECKPOINT": "1" if checkpoint else "0",
        "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": str(grace_period(flags, executor)),
        "MESOS_HTTP_COMMAND_EXECUTOR": "0",
        "LIBPROCESS_PORT": "0",
    }
    if flags.secret_file is not None:
        # By which a native driver joins the encrypted network; the file must be its user's to read.
        environment["PION_SECRET_FILE"] = str(flags.secret_file.absolute())
    role = _role(executor)
    if role is not None:
        environment["MESOS_ALLOCATION_ROLE"] = role
    if checkpoint:
        environment["MESOS_RECOVERY_TIMEOUT"] = str(flags.recovery_timeout)
        environment["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = str(flags.executor_reregistration_timeout)
    return environment | (variables(executor.command.environment) if executor.command is not None else {})


def grace_period(flags: AgentFlags, executor: ExecutorInfo) -> Duration:
    """How long the executor may take to shut down: its own, or that of the flag."""
    own = executor.shutdown_grace_period
    return flags.executor_shutdown_grace_period if own is None else Duration(own.nanoseconds)


def fixed_environment(text: str | None) -> Mapping[str, str]:
    """Read --executor_environment_variables; raises FlagError unless it is an object of strings."""
    try:
        return {} if text is None else msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise FlagError(f"--executor_environment_variables: must be an object of strings: {error}") from None


def with_inherited(text: str | None, own: Mapping[str, str]) -> str | None:
    """--executor_environment_variables, beneath it what executors get of the agent's `own` environment.

    Raises FlagError unless it is an object of strings.
    """
    inherited = {name: own[name] for name in _INHERITED if name in own}
    if not inherited:
        return text
    return msgspec.json.encode({**inherited, **fixed_environment(text)}).decode()


def _role(executor: ExecutorInfo) -> str | None:
    """The role that its resources are allocated to."""
    allocated = (resource.allocation_info for resource in executor.resources)
    return next((one.role for one in allocated if one is not None and one.role is not None), None)
