"""The flags of a node that depend on one another."""

from __future__ import annotations

import pytest

from actors.flags import FlagError, load
from actors.node.flags import NodeFlags
from transport.pid import Address


def node_flags(*arguments: str) -> NodeFlags:
    return load(NodeFlags, arguments, {}, prefix="PION_")


def test_the_port_for_actors_follows_the_port_of_the_node() -> None:
    assert node_flags().bind == Address("127.0.0.1", 6050)
    assert node_flags("--port=5051", "--ip=::1").bind == Address("::1", 6051)
    assert node_flags("--actor_port=0").bind == Address("127.0.0.1", 0)
    with pytest.raises(FlagError, match="--port=65000: must be at most 64535"):
        assert node_flags("--port=65000").bind


def test_a_node_is_known_by_the_address_that_it_listens_on_unless_told() -> None:
    assert node_flags("--ip=10.0.0.1").advertise_host == "10.0.0.1"
    assert node_flags("--ip=0.0.0.0", "--advertise_ip=10.0.0.1").advertise_host == "10.0.0.1"


@pytest.mark.parametrize("ip", ["0.0.0.0", "::"])  # noqa: S104
def test_a_node_that_listens_everywhere_is_told_how_others_reach_it(ip: str) -> None:
    with pytest.raises(FlagError, match="--advertise_ip: must say how others reach this node"):
        assert node_flags(f"--ip={ip}").advertise_host


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ip=127.0.0.1"],
        ["--ip=::1"],
        ["--ip=10.0.0.1", "--secret_file=s"],
        ["--ip=10.0.0.1", "--allow_spawn"],
    ],
)
def test_others_may_spawn_where_no_stranger_can_ask(arguments: list[str]) -> None:
    assert node_flags(*arguments).spawn_refusal is None


@pytest.mark.parametrize("ip", ["10.0.0.1", "0.0.0.0", "::"])  # noqa: S104
def test_others_may_not_spawn_where_anybody_can_ask(ip: str) -> None:
    assert node_flags(f"--ip={ip}").spawn_refusal == (
        f"it listens on {ip} without --secret_file (--allow_spawn would permit it)"
    )


@pytest.mark.parametrize(
    "argument", ["--ip=localhost", "--advertise_ip=x", "--port=-1", "--actor_port=65536"]
)
def test_what_is_no_address_is_refused(argument: str) -> None:
    with pytest.raises(FlagError, match=rf"{argument}: must be"):
        node_flags(argument)
