"""What an executor finds in its environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from actors.agent.environment import executor_environment, fixed_environment, with_inherited
from actors.executor.settings import ExecutorSettings
from actors.flags import FlagError
from actors.units import Duration
from tests.actors.agent.stage import custom, flags, framework
from transport.pid import Pid
from transport.records.command import CommandInfo, Environment
from transport.records.executor import ExecutorInfo
from transport.records.secret import Secret
from transport.records.time_info import DurationInfo

AGENT = Pid("agent", "10.0.0.1", 6051, 77)


def made(
    executor: ExecutorInfo | None = None,
    fixed: Mapping[str, str] | None = None,
    *,
    checkpoint: bool = True,
    **others: object,
) -> dict[str, str]:
    return executor_environment(
        flags(**others),
        fixed or {},
        AGENT,
        "m1-S0",
        framework(checkpoint=checkpoint),
        executor or custom(),
        "/sandbox",
    )


def test_it_says_who_the_executor_is_and_where_it_works() -> None:
    environment = made()
    assert environment["MESOS_FRAMEWORK_ID"] == "m1-0000"
    assert environment["MESOS_EXECUTOR_ID"] == "e1"
    assert environment["MESOS_SLAVE_ID"] == "m1-S0"
    assert environment["MESOS_DIRECTORY"] == environment["MESOS_SANDBOX"] == "/sandbox"
    assert environment["MESOS_HTTP_COMMAND_EXECUTOR"] == "0"
    assert environment["LIBPROCESS_PORT"] == "0"


def test_it_says_where_the_agent_is() -> None:
    environment = made()
    assert environment["MESOS_SLAVE_PID"] == "slave(1)@10.0.0.1:5051"
    assert environment["MESOS_AGENT_ENDPOINT"] == "10.0.0.1:5051"
    assert environment["PION_AGENT_PID"] == "agent@10.0.0.1:6051"


def test_only_checkpointing_frameworks_executors_wait_for_the_agent() -> None:
    environment = made()
    assert environment["MESOS_CHECKPOINT"] == "1"
    assert environment["MESOS_RECOVERY_TIMEOUT"] == "15mins"
    assert environment["MESOS_SUBSCRIPTION_BACKOFF_MAX"] == "2secs"
    environment = made(checkpoint=False)
    assert environment["MESOS_CHECKPOINT"] == "0"
    assert "MESOS_RECOVERY_TIMEOUT" not in environment
    assert "MESOS_SUBSCRIPTION_BACKOFF_MAX" not in environment


def test_the_executors_own_grace_goes_before_that_of_the_flag() -> None:
    grace = "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"
    assert made(executor_shutdown_grace_period=Duration.of(8))[grace] == "8secs"
    own = custom(shutdown_grace_period=DurationInfo(nanoseconds=9 * 10**9))
    assert made(own)[grace] == "9secs"


def test_what_the_operator_fixed_gives_way_to_the_agent_and_that_to_the_executor() -> None:
    variables = (
        Environment.Variable(name="LIBPROCESS_PORT", value="99"),
        Environment.Variable(name="OWN", value="executor"),
        Environment.Variable(name="HIDDEN", secret=Secret(type=Secret.Type.VALUE)),
    )
    own = custom(command=CommandInfo(value="x", environment=Environment(variables=variables)))
    environment = made(own, {"MESOS_SLAVE_ID": "forged", "OWN": "operator", "SITE": "here"})
    assert environment["MESOS_SLAVE_ID"] == "m1-S0"
    assert environment["LIBPROCESS_PORT"] == "99"
    assert environment["OWN"] == "executor"
    assert environment["SITE"] == "here"
    assert "HIDDEN" not in environment


def test_the_driver_understands_it() -> None:
    settings = ExecutorSettings.read(made())
    assert settings.agent == AGENT.whoever()
    assert settings.checkpoint
    assert settings.recovery_timeout_seconds == 900.0
    assert settings.shutdown_grace_seconds == 5.0


def test_a_secret_that_is_given_is_a_value_like_any_other() -> None:
    secret = Secret(type=Secret.Type.VALUE, value=Secret.Value(data=b"hush"))
    variables = (Environment.Variable(name="KEY", type=Environment.Variable.Type.SECRET, secret=secret),)
    own = custom(command=CommandInfo(value="x", environment=Environment(variables=variables)))
    assert made(own)["KEY"] == "hush"


def test_the_role_is_that_of_the_executors_resources() -> None:
    assert made()["MESOS_ALLOCATION_ROLE"] == "*"
    bare = ExecutorInfo(executor_id=custom().executor_id, command=CommandInfo(value="x"))
    assert "MESOS_ALLOCATION_ROLE" not in made(bare)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    environment = executor_environment(
        flags(), {}, Pid("agent", "::1", 6051), "m1-S0", framework(), custom(), "/sandbox"
    )
    assert environment["MESOS_AGENT_ENDPOINT"] == "[::1]:5051"
    assert environment["MESOS_SLAVE_PID"] == "slave(1)@[::1]:5051"


def test_the_agents_own_libprocess_ip_gives_way_to_the_flag() -> None:
    own = {"LIBPROCESS_IP": "10.0.0.1", "USER": "root"}
    assert fixed_environment(with_inherited(None, own)) == {"LIBPROCESS_IP": "10.0.0.1"}
    assert fixed_environment(with_inherited('{"A": "1", "LIBPROCESS_IP": "::"}', own)) == {
        "A": "1",
        "LIBPROCESS_IP": "::",
    }
    assert with_inherited(None, {"USER": "root"}) is None
    with pytest.raises(FlagError, match="executor_environment_variables"):
        with_inherited("[]", own)


def test_the_flag_must_be_an_object_of_strings() -> None:
    assert fixed_environment(None) == {}
    assert fixed_environment('{"A": "1"}') == {"A": "1"}
    for text in ("[]", '{"A": 1}', "A=1"):
        with pytest.raises(FlagError, match="executor_environment_variables"):
            fixed_environment(text)
