from __future__ import annotations

from actors.master.flags import MasterFlags
from actors.master.retention import outdated
from actors.units import Duration
from tests.actors.master.county import AGENT, HERE, RESTARTED, County, registry, reregistration
from tests.actors.master.recorder import EPOCH_SECONDS
from transport.messages.registry import MarkAgentReachable, PruneAgents
from transport.records.ids import AgentID
from transport.records.registry import Registry
from transport.records.time_info import TimeInfo

GC_SECONDS = 900.0
NOW = round(EPOCH_SECONDS * 1e9)


def absent(count: int, since: int = NOW) -> Registry.UnreachableSlaves:
    return Registry.UnreachableSlaves(
        slaves=tuple(
            Registry.UnreachableSlave(
                id=AgentID(value=f"m0-S{number}"), timestamp=TimeInfo(nanoseconds=since)
            )
            for number in range(count)
        )
    )


def since(*nanoseconds: int) -> dict[str, TimeInfo]:
    return {f"S{number}": TimeInfo(nanoseconds=each) for number, each in enumerate(nanoseconds)}


def test_those_are_outdated_that_are_too_old_or_too_many() -> None:
    assert outdated(since(1, 2, 3), 3, 10) == ("S0", "S1")
    assert outdated(since(1, 2, 3), 0, 2) == ("S0",)
    assert outdated(since(1, 2, 3), 2, 1) == ("S0", "S1")
    assert outdated({}, 5, 0) == ()


def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    """RegistryGcByCount."""
    county = County(MasterFlags(registry_max_agent_count=2), prompt=True)
    county.recover(registry(unreachable=absent(3)))
    county.world.advance(GC_SECONDS)
    assert county.world.operations == [PruneAgents(unreachable=("m0-S0",))]
    assert list(county.cluster.unreachable) == ["m0-S1", "m0-S2"]
    county.world.advance(GC_SECONDS)
    assert len(county.world.operations) == 1


def test_those_are_forgotten_that_are_away_for_too_long() -> None:
    """RegistryGcByAge."""
    county = County(MasterFlags(registry_max_agent_age=Duration.of(3600)), prompt=True)
    gone = Registry.GoneSlave(id=AgentID(value="m0-S9"), timestamp=TimeInfo(nanoseconds=NOW))
    county.recover(registry(unreachable=absent(1), gone=Registry.GoneSlaves(slaves=(gone,))))
    county.world.advance(3600)
    assert not county.world.operations
    county.world.advance(GC_SECONDS)
    assert county.world.operations == [PruneAgents(unreachable=("m0-S0",), gone=("m0-S9",))]
    assert not county.cluster.unreachable
    assert not county.cluster.gone


def test_an_agent_that_is_back_while_it_is_being_forgotten_stays() -> None:
    """RegistryGcRace."""
    county = County(MasterFlags(registry_max_agent_count=0), prompt=True)
    county.join()
    county.agents.removals.suspect(AGENT, "test")
    county.world.prompt = False
    county.agents._retention.begin()
    county.world.advance(GC_SECONDS)
    county.agents.reregister(RESTARTED, reregistration())
    assert isinstance(county.world.commit(), PruneAgents)
    assert isinstance(county.world.commit(), MarkAgentReachable)
    assert list(county.cluster.agents) == [AGENT]
    county.check()


def test_an_agent_that_came_back_before_is_not_forgotten() -> None:
    county = County(MasterFlags(registry_max_agent_count=0), prompt=True)
    county.join(HERE)
    county.agents.removals.suspect(AGENT, "test")
    county.world.prompt = False
    county.agents._retention.begin()
    county.agents.reregister(RESTARTED, reregistration())
    county.world.advance(GC_SECONDS)
    assert isinstance(county.world.commit(), MarkAgentReachable)
    assert isinstance(county.world.commit(), PruneAgents)
    assert list(county.cluster.agents) == [AGENT]
