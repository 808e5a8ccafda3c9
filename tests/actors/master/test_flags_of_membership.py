from __future__ import annotations

import pytest

from actors.flags import FlagError, load
from actors.master.flags import MasterFlags


def flags(*arguments: str) -> MasterFlags:
    return load(MasterFlags, arguments, {}, prefix="MESOS_")


@pytest.mark.parametrize("rate", ["1", "0/1mins", "1/0secs", "fast"])
def test_a_removal_rate_is_agents_in_a_time(rate: str) -> None:
    assert flags("--agent_removal_rate_limit=2/1mins").agent_removal_rate_limit == "2/1mins"
    with pytest.raises(FlagError, match=r"--agent_removal_rate_limit=.*: must be a number of agents"):
        flags(f"--agent_removal_rate_limit={rate}")


@pytest.mark.parametrize("limit", ["50", "101%", "-1%", "many%"])
def test_a_removal_limit_is_a_percentage(limit: str) -> None:
    assert flags("--recovery_slave_removal_limit=12.5%").recovery_agent_removal_limit == "12.5%"
    with pytest.raises(FlagError, match="must be a percentage"):
        flags(f"--recovery_agent_removal_limit={limit}")
