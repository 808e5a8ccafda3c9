from __future__ import annotations

import msgspec
import pytest

from actors.master.flags import MasterFlags
from actors.master.mandate import Mandate
from actors.master.registrar.archive import RegistryError, Stored, write
from actors.master.registrar.registrar import VARIABLE, Registrar
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from tests.actors.master.lone_log import spawn_store
from transport.messages.election import ReignOver
from transport.messages.registry import (
    AdmitAgent,
    ApplyToRegistry,
    FetchState,
    KnownFramework,
    MarkAgentGone,
    MarkFrameworkRemoved,
    ReadRegistry,
    RecoverRegistry,
    RegistryApplied,
    RegistryOperation,
    RegistryRecovered,
    RememberFramework,
    RemoveAdmittedAgent,
    StateFetched,
    StateStored,
    StoreState,
)
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.master import MasterInfo
from transport.records.registry import Registry
from transport.records.time_info import TimeInfo

NOW = TimeInfo(nanoseconds=1)


def master(name: str = "m1") -> MasterInfo:
    return MasterInfo(id=name, ip=1, port=5050)


def admit(agent_id: str) -> AdmitAgent:
    return AdmitAgent(AgentInfo(hostname="host", id=AgentID(value=agent_id)))


class Office:
    """A registrar and its store on one node, and a master in the test's hand."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = Simulation(seed)
        self.node = self.sim.node("master", self._boot)
        self.master: Probe = self.node.probe("master")

    def _boot(self, node: SimulatedNode) -> None:
        store = spawn_store(node)
        node.spawn(lambda: Registrar(MasterFlags(), store), "registrar", vital=True)

    @property
    def registrar(self) -> Pid:
        return self.node.pid_of("registrar")

    def recover(self, name: str = "m1") -> Registry:
        """Take over."""
        self.master.send(self.registrar, RecoverRegistry(master(name)))
        answer = self.wait(RegistryRecovered)
        return answer.registry

    def apply(self, *operations: RegistryOperation) -> list[RegistryApplied]:
        """Ask for changes, and wait for the answers."""
        before = len(self.applied)
        for number, operation in enumerate(operations):
            self.master.send(self.registrar, ApplyToRegistry(number, operation))
        self.sim.run_until(lambda: len(self.applied) == before + len(operations))
        return self.applied[before:]

    @property
    def applied(self) -> list[RegistryApplied]:
        return [one for one in self.master.received if isinstance(one, RegistryApplied)]

    def wait(self, kind: type[RegistryRecovered]) -> RegistryRecovered:
        seen = len(self.master.received)
        self.sim.run_until(lambda: len(self.master.received) > seen)
        answer = self.master.received[-1]
        assert isinstance(answer, kind)
        return answer

    def read(self) -> Registry:
        self.master.send(self.registrar, ReadRegistry())
        return self.wait(RegistryRecovered).registry

    def reboot(self) -> None:
        """Lose the power, and come back."""
        self.node.crash()
        self.node.start()
        self.master = self.node.probe("master")

    def failure(self) -> BaseException:
        """What ended the registrar."""
        self.sim.run_until(lambda: self.sim.crashes, timeout_seconds=100.0)
        assert self.sim.crashes[0].pid.name == "registrar"
        self.sim.run_until(lambda: not self.node.up)
        return self.sim.crashes[0].error


def admitted(registry: Registry) -> list[str]:
    slaves = (registry.slaves or Registry.Slaves()).slaves
    return [one.info.id.value for one in slaves if one.info.id is not None]


# --- recovery ---


def test_the_first_master_finds_an_empty_registry_with_its_name() -> None:
    registry = Office().recover()
    assert registry.master == Registry.Master(info=master())
    assert admitted(registry) == []


def test_the_next_master_finds_what_was_answered() -> None:
    office = Office()
    office.recover("m1")
    office.apply(admit("S0"), admit("S1"))
    office.reboot()
    registry = office.recover("m2")
    assert admitted(registry) == ["S0", "S1"]
    assert registry.master == Registry.Master(info=master("m2"))


def test_recovery_is_answered_again_and_does_not_write_again() -> None:
    office = Office()
    office.recover()
    office.apply(admit("S0"))
    assert admitted(office.recover()) == ["S0"]


def test_changes_that_come_before_recovery_wait_for_it() -> None:
    office = Office()
    office.master.send(office.registrar, ApplyToRegistry(1, admit("S0")))
    office.sim.run(1.0)
    assert not office.master.received
    office.master.send(office.registrar, RecoverRegistry(master()))
    office.sim.run_until(lambda: office.applied)
    assert [type(one) for one in office.master.received] == [RegistryRecovered, RegistryApplied]


def test_a_registry_that_needs_a_newer_master_is_refused() -> None:
    office = Office()
    wanted = Registry(minimum_capabilities=(Registry.MinimumCapability(capability="FLIGHT"),))
    store = StoreState(1, VARIABLE, b"", msgspec.msgpack.encode(wanted))
    office.master.send(office.node.pid_of("store"), store)
    office.master.send(office.registrar, RecoverRegistry(master()))
    error = office.failure()
    assert isinstance(error, RegistryError)
    assert "FLIGHT" in str(error)


def test_what_is_no_registry_is_refused() -> None:
    office = Office()
    office.master.send(office.node.pid_of("store"), StoreState(1, VARIABLE, b"", b"\xc1"))
    office.master.send(office.registrar, RecoverRegistry(master()))
    assert "cannot be read" in str(office.failure())


# --- changes ---


def test_answers_come_in_order_and_say_what_was_refused() -> None:
    office = Office()
    office.recover()
    answers = office.apply(
        admit("S0"), admit("S0"), RemoveAdmittedAgent("S0"), MarkAgentGone("S0", NOW), admit("S1")
    )
    assert [one.request_id for one in answers] == [0, 1, 2, 3, 4]
    assert [one.mutated for one in answers] == [True, False, True, False, True]
    assert [one.error is None for one in answers] == [True, False, True, False, True]
    assert admitted(office.read()) == ["S1"]


def test_what_comes_during_a_write_goes_into_one_write() -> None:
    office = Office()
    office.recover()
    held = office.sim.hold(StateStored)
    office.master.send(office.registrar, ApplyToRegistry(1, admit("S1")))
    office.sim.run(1.0)
    for number in range(2, 1001):
        office.master.send(office.registrar, ApplyToRegistry(number, admit(f"S{number}")))
    office.sim.run(1.0)
    assert not office.applied
    held.release()
    office.sim.run_until(lambda: len(office.applied) == 1000)
    timer = office.node.process("registrar", Registrar).metrics.state_store
    # The leader's name, the first agent, and all the others.
    assert dict(timer.flat())["registrar/state_store_ms/count"] == 3
    assert len(admitted(office.read())) == 1000


def test_what_waits_when_nothing_is_being_written_goes_into_one_write() -> None:
    office = Office()
    office.recover()
    for number in range(1000):
        office.master.send(office.registrar, ApplyToRegistry(number, admit(f"S{number}")))
    office.sim.run_until(lambda: len(office.applied) == 1000)
    timer = office.node.process("registrar", Registrar).metrics.state_store
    # The leader's name, and all the agents: in very few, as they come in one after the other.
    assert dict(timer.flat())["registrar/state_store_ms/count"] <= 3


def test_what_changes_nothing_is_answered_without_a_write() -> None:
    office = Office()
    office.recover()
    dropped = office.sim.drop(StoreState)
    (answer,) = office.apply(RemoveAdmittedAgent("S9"))
    assert answer.error is not None
    assert not dropped.dropped
    assert admitted(office.read()) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "point",
    [
        "log.replica.after_append",
        "log.replica.after_sync",
        "log.store.after_chosen",
        "registrar.store.after",
    ],
)
def test_no_crash_loses_what_was_answered(point: str, seed: int) -> None:
    office = Office(seed)
    office.recover()
    office.apply(admit("S0"))
    office.sim.arm(point)
    office.master.send(office.registrar, ApplyToRegistry(7, admit("S1")))
    office.sim.run_until(lambda: not office.node.up)
    answered = len(office.applied)
    office.reboot()
    found = admitted(office.recover("m2"))
    assert answered == 1
    assert found in (["S0"], ["S0", "S1"])


# --- failures ---


def test_a_store_that_does_not_answer_a_read_ends_the_master() -> None:
    office = Office()
    office.sim.drop(FetchState)
    office.master.send(office.registrar, RecoverRegistry(master()))
    assert str(office.failure()) == "the registry could not be read within 1mins"


def test_a_store_that_does_not_answer_a_write_ends_the_master() -> None:
    office = Office()
    office.recover()
    office.sim.drop(StateStored)
    office.master.send(office.registrar, ApplyToRegistry(1, admit("S0")))
    assert str(office.failure()) == "the registry could not be written within 20secs"
    assert not office.applied


def test_another_master_that_writes_ends_this_one() -> None:
    office = Office()
    office.recover()
    store = office.node.pid_of("store")
    other = office.node.probe("other")
    other.send(store, FetchState(1, VARIABLE))
    office.sim.run_until(lambda: other.received)
    fetched = other.received[0]
    assert isinstance(fetched, StateFetched)
    other.send(store, StoreState(2, VARIABLE, fetched.version, fetched.value))
    office.sim.run(1.0)
    office.master.send(office.registrar, ApplyToRegistry(1, admit("S0")))
    assert "another master" in str(office.failure())
    assert not office.applied


def test_without_its_store_a_registrar_ends() -> None:
    sim = Simulation(1)
    node = sim.node("master")
    store = node.probe("store")
    node.spawn(lambda: Registrar(MasterFlags(), store.pid), "registrar", vital=True)
    sim.run(1.0)
    store.terminate()
    sim.run_until(lambda: not node.up)
    assert "gone" in str(sim.crashes[0].error)


# --- metrics ---


def test_what_it_shows_bears_mesos_names() -> None:
    office = Office()
    office.recover()
    office.apply(admit("S0"))
    metrics = office.node.process("registrar", Registrar).metrics
    shown = dict(pair for one in vars(metrics).values() for pair in one.flat())
    assert shown["registrar/queued_operations"] == 0
    assert shown["registrar/registry_size_bytes"] > 10
    assert {"registrar/state_fetch_ms", "registrar/state_store_ms", "registrar/state_store_ms/p99"} <= set(
        shown
    )


# --- what is kept beside Mesos' registry ---


def test_frameworks_and_the_epoch_are_there_for_the_next_master() -> None:
    office = Office()
    office.recover()
    office.apply(RememberFramework("F0", 60.0), RememberFramework("F1", 0.0), MarkFrameworkRemoved("F1"))
    office.reboot()
    office.master.send(office.registrar, RecoverRegistry(master("m2")))
    recovered = office.wait(RegistryRecovered)
    assert recovered.frameworks == (KnownFramework("F0", 60.0),)
    assert recovered.removed_frameworks == ("F1",)


def test_a_registry_of_a_later_epoch_is_not_written() -> None:
    office = Office()
    value = write(Stored(Registry(), epoch=1))
    office.master.send(office.node.pid_of("store"), StoreState(1, VARIABLE, b"", value))
    office.master.send(office.registrar, RecoverRegistry(master()))
    assert "epoch 1" in str(office.failure())


def test_whoever_owns_the_reign_is_told_why_it_is_over_and_nothing_is_done_any_more() -> None:
    sim = Simulation(1)
    node = sim.node("master")
    store, owner = node.probe("store"), node.probe("owner")
    mandate = Mandate(leadership=owner.pid)
    registrar = node.spawn(lambda: Registrar(MasterFlags(), store.pid, mandate=mandate), "registrar")
    owner.send(registrar, RecoverRegistry(master()))
    sim.run_until(lambda: owner.received, 100.0)
    assert owner.received == [ReignOver("the registry could not be read within 1mins")]
    store.send(registrar, StateFetched(1))
    sim.run(10.0)
    assert len(store.received) == 1
    assert not sim.crashes
