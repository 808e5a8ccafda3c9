"""Every operation of mesos-protocol.md §11.1, as Mesos' registrar_tests go through them."""

from __future__ import annotations

import msgspec
import pytest

from actors.master.registrar.changes import RegistryBooks
from transport.messages import registry as operations
from transport.records.agent import AgentInfo, DrainConfig, DrainInfo, DrainState
from transport.records.ids import AgentID
from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import Schedule, Window
from transport.records.master import MasterInfo
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability
from transport.records.value import Value

NOW = TimeInfo(nanoseconds=1_600_000_000_000_000_000)
LATER = TimeInfo(nanoseconds=1_600_000_001_000_000_000)
CONFIG = DrainConfig(max_grace_period=DurationInfo(nanoseconds=5), mark_gone=True)
DRAINING = DrainInfo(state=DrainState.DRAINING, config=CONFIG)


def info(agent_id: str = "S0", hostname: str = "host") -> AgentInfo:
    return AgentInfo(hostname=hostname, id=AgentID(value=agent_id))


def books(*admitted: str) -> RegistryBooks:
    """A registry with these agents."""
    made = RegistryBooks(Registry())
    for agent_id in admitted:
        assert made.apply(operations.AdmitAgent(info(agent_id))) is True
    return made


def reread(made: RegistryBooks) -> RegistryBooks:
    """The same as another master finds it."""
    written = msgspec.msgpack.encode(made.registry())
    again = RegistryBooks(msgspec.msgpack.decode(written, type=Registry))
    assert again.registry() == made.registry()
    return again


def refused(made: RegistryBooks, operation: operations.RegistryOperation, rule: str) -> None:
    """The operation is an error, and changes nothing."""
    before = made.registry()
    outcome = made.apply(operation)
    assert isinstance(outcome, str)
    assert rule in outcome
    assert made.registry() == before


# --- agents that come and go ---


def test_an_agent_is_admitted_once() -> None:
    made = books("S0")
    refused(made, operations.AdmitAgent(info("S0")), "admitted already")
    assert list(reread(made).admitted) == ["S0"]


@pytest.mark.parametrize(
    "operation",
    [operations.MarkAgentUnreachable(info("S0"), NOW), operations.MarkAgentGone("S0", NOW)],
    ids=["unreachable", "gone"],
)
def test_the_id_of_an_absent_agent_is_not_given_again(operation: operations.RegistryOperation) -> None:
    made = books("S0")
    made.apply(operation)
    refused(made, operations.AdmitAgent(info("S0")), "admitted already")


def test_an_agent_describes_itself_anew() -> None:
    made = books("S0")
    refused(made, operations.ReplaceAgentInfo(info("S1")), "not admitted")
    assert made.apply(operations.ReplaceAgentInfo(info("S0"))) is False
    assert made.apply(operations.ReplaceAgentInfo(info("S0", "renamed"))) is True
    assert reread(made).admitted["S0"].info.hostname == "renamed"


def test_a_new_description_leaves_it_deactivated() -> None:
    made = books("S0")
    made.apply(operations.DeactivateAdmittedAgent("S0"))
    made.apply(operations.ReplaceAgentInfo(info("S0", "renamed")))
    assert made.admitted["S0"].deactivated


def test_an_agent_is_unreachable_and_then_back() -> None:
    made = books("S0", "S1")
    refused(made, operations.MarkAgentUnreachable(info("S2"), NOW), "not admitted")
    assert made.apply(operations.MarkAgentUnreachable(info("S0"), NOW)) is True
    assert list(made.admitted) == ["S1"]
    assert reread(made).unreachable["S0"].timestamp == NOW
    refused(made, operations.MarkAgentUnreachable(info("S0"), LATER), "not admitted")
    assert made.apply(operations.MarkAgentReachable(info("S0"))) is True
    assert made.apply(operations.MarkAgentReachable(info("S0"))) is False
    assert (list(made.admitted), list(made.unreachable)) == (["S1", "S0"], [])


def test_an_agent_that_nobody_remembers_is_admitted_as_reachable() -> None:
    made = books()
    assert made.apply(operations.MarkAgentReachable(info("S7"))) is True
    assert list(made.admitted) == ["S7"]


def test_unreachable_agents_stay_deactivated_and_draining() -> None:
    made = books("S0")
    made.apply(operations.DrainAdmittedAgent("S0", CONFIG))
    made.apply(operations.MarkAgentUnreachable(info("S0"), NOW))
    assert reread(made).unreachable["S0"].drain_info == DRAINING
    made.apply(operations.MarkAgentReachable(info("S0")))
    assert made.admitted["S0"] == Registry.Slave(info=info("S0"), drain_info=DRAINING, deactivated=True)


@pytest.mark.parametrize("unreachable", [False, True])
def test_an_agent_that_is_gone_stays_gone(*, unreachable: bool) -> None:
    made = books("S0")
    if unreachable:
        made.apply(operations.MarkAgentUnreachable(info("S0"), NOW))
    assert made.apply(operations.MarkAgentGone("S0", LATER)) is True
    assert reread(made).gone["S0"].timestamp == LATER
    assert not made.admitted
    assert not made.unreachable
    refused(made, operations.MarkAgentGone("S0", LATER), "gone already")
    refused(made, operations.MarkAgentReachable(info("S0")), "gone")
    refused(made, operations.MarkAgentGone("S9", LATER), "not known")


def test_absent_agents_are_pruned_and_admitted_ones_are_not() -> None:
    made = books("S0", "S1", "S2")
    made.apply(operations.MarkAgentUnreachable(info("S0"), NOW))
    made.apply(operations.MarkAgentGone("S1", NOW))
    assert made.apply(operations.PruneAgents(unreachable=("S2",), gone=("S0",))) is False
    assert made.apply(operations.PruneAgents(unreachable=("S0", "S9"), gone=("S1",))) is True
    assert (list(made.admitted), made.unreachable, made.gone) == (["S2"], {}, {})


def test_an_agent_that_leaves_is_forgotten() -> None:
    made = books("S0")
    assert made.apply(operations.RemoveAdmittedAgent("S0")) is True
    refused(made, operations.RemoveAdmittedAgent("S0"), "not admitted")
    assert not reread(made).admitted


def test_absent_agents_are_kept_in_the_order_in_which_they_left() -> None:
    made = books("S0", "S1", "S2")
    for agent_id in ("S2", "S0", "S1"):
        made.apply(operations.MarkAgentUnreachable(info(agent_id), NOW))
    assert list(reread(made).unreachable) == ["S2", "S0", "S1"]


# --- agents that are not to be used ---


@pytest.mark.parametrize("unreachable", [False, True])
def test_an_agent_is_drained_and_reactivated(*, unreachable: bool) -> None:
    made = books("S0")
    if unreachable:
        made.apply(operations.MarkAgentUnreachable(info("S0"), NOW))

    def state() -> tuple[DrainInfo | None, bool | None]:
        again = reread(made)
        agent = again.unreachable["S0"] if unreachable else again.admitted["S0"]
        return agent.drain_info, agent.deactivated

    assert made.apply(operations.DrainAdmittedAgent("S0", CONFIG)) is True
    assert state() == (DRAINING, True)
    assert made.apply(operations.MarkAgentDrained("S0")) is True
    assert state() == (DrainInfo(state=DrainState.DRAINED, config=CONFIG), True)
    assert made.apply(operations.MarkAgentDrained("S0")) is False
    assert made.apply(operations.ReactivateAdmittedAgent("S0")) is True
    assert state() == (None, None)
    assert made.apply(operations.ReactivateAdmittedAgent("S0")) is False


def test_only_a_draining_agent_becomes_drained() -> None:
    refused(books("S0"), operations.MarkAgentDrained("S0"), "not draining")
    refused(books("S0"), operations.MarkAgentDrained("S1"), "not known")


def test_a_deactivated_agent_keeps_its_draining() -> None:
    made = books("S0")
    made.apply(operations.DrainAdmittedAgent("S0", CONFIG))
    assert made.apply(operations.DeactivateAdmittedAgent("S0")) is False
    assert made.admitted["S0"].drain_info == DRAINING


@pytest.mark.parametrize(
    "operation",
    [
        operations.DrainAdmittedAgent("S9", CONFIG),
        operations.DeactivateAdmittedAgent("S9"),
        operations.ReactivateAdmittedAgent("S9"),
    ],
)
def test_an_unknown_agent_is_not_withdrawn(operation: operations.RegistryOperation) -> None:
    refused(books("S0"), operation, "not known")


def test_a_master_that_knows_nothing_of_draining_is_warned_as_long_as_there_is_any() -> None:
    made = books("S0")

    def wanted() -> list[str]:
        return [one.capability for one in made.registry().minimum_capabilities]

    assert wanted() == []
    made.apply(operations.DeactivateAdmittedAgent("S0"))
    assert wanted() == ["AGENT_DRAINING"]
    made.apply(operations.MarkAgentUnreachable(info("S0"), NOW))
    assert wanted() == ["AGENT_DRAINING"]
    made.apply(operations.ReactivateAdmittedAgent("S0"))
    assert wanted() == []


# --- roles ---


def quota(role: str, **limits: float) -> QuotaConfig:
    return QuotaConfig(role=role, limits={name: Value.Scalar(value=each) for name, each in limits.items()})


def test_quotas_are_replaced_by_role_and_empty_ones_are_forgotten() -> None:
    made = books()
    assert made.apply(operations.UpdateQuotas((quota("a", cpus=1), quota("b", cpus=2)))) is True
    assert made.apply(operations.UpdateQuotas((quota("a", cpus=1),))) is False
    assert made.apply(operations.UpdateQuotas((quota("a", mem=3),))) is True
    assert reread(made).quotas == {"a": quota("a", mem=3), "b": quota("b", cpus=2)}
    assert [one.capability for one in made.registry().minimum_capabilities] == ["QUOTA_V2"]
    assert made.apply(operations.UpdateQuotas((quota("a"), quota("b")))) is True
    assert made.registry().quota_configs == ()
    assert made.registry().minimum_capabilities == ()


def test_weights_are_replaced_by_role() -> None:
    made = books()
    assert made.apply(operations.UpdateWeights({"a": 2.0, "b": 3.0})) is True
    assert made.apply(operations.UpdateWeights({"a": 2.0})) is False
    assert made.apply(operations.UpdateWeights({"a": 4.0})) is True
    assert reread(made).weights == {"a": 4.0, "b": 3.0}


# --- machines ---


def test_the_maintenance_of_machines_is_kept() -> None:
    made = books()
    machine = MachineID(hostname="Host", ip="10.0.0.1")
    window = Window(machine_ids=(machine,), unavailability=Unavailability(start=NOW))
    assert made.apply(operations.UpdateMaintenance(Schedule(windows=(window,)))) is True
    assert made.apply(operations.UpdateMaintenance(Schedule(windows=(window,)))) is False
    assert made.apply(operations.StartMaintenance((machine,))) is True
    again = reread(made)
    assert [one.mode for one in again.machines] == [MachineInfo.Mode.DOWN]
    refused(made, operations.StartMaintenance((machine,)), "DRAINING")
    assert again.apply(operations.StopMaintenance((machine,))) is True
    assert again.registry().schedules == ()
    assert again.registry().machines == Registry.Machines()


# --- the whole ---


def test_the_leader_is_part_of_it() -> None:
    made = books()
    made.master = Registry.Master(info=MasterInfo(id="m2", ip=1, port=5050))
    assert reread(made).master == made.master


def test_every_operation_that_can_be_told_is_known() -> None:
    made = books()
    kinds = operations.RegistryOperation.__subclasses__()
    assert len(kinds) == 18
    assert all(kind in made._OPERATIONS for kind in kinds)


# --- frameworks ---


def test_a_framework_is_remembered_with_its_timeout_until_it_is_over() -> None:
    made = books()
    assert made.apply(operations.RememberFramework("F0", 60.0)) is True
    assert made.apply(operations.RememberFramework("F0", 60.0)) is False
    assert made.apply(operations.RememberFramework("F0", 90.0)) is True
    assert list(made.frameworks.values()) == [operations.KnownFramework("F0", 90.0)]
    assert made.apply(operations.MarkFrameworkRemoved("F0")) is True
    assert made.apply(operations.MarkFrameworkRemoved("F0")) is False
    assert not made.frameworks
    assert list(made.removed_frameworks) == ["F0"]
    refused(made, operations.RememberFramework("F0", 60.0), "has been removed")


def test_of_frameworks_that_are_over_the_latest_are_remembered() -> None:
    made = RegistryBooks(Registry(), removed_frameworks=["F0", "F1"], removed_frameworks_limit=2)
    made.apply(operations.MarkFrameworkRemoved("F2"))
    assert list(made.removed_frameworks) == ["F1", "F2"]
    none = RegistryBooks(Registry(), [operations.KnownFramework("F0")], removed_frameworks_limit=0)
    assert none.apply(operations.MarkFrameworkRemoved("F0")) is True
    assert not none.frameworks
    assert not none.removed_frameworks
