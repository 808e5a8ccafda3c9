"""The whole rig: ZooKeepers, masters, agents and a framework, each on a host of its own, under one roof."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from actors.brief_log import BriefLog
from actors.pykka_system import PykkaSystem
from tests.chaos.history import History
from tests.chaos.load import LOAD
from tests.chaos.log_reader import LogReader
from tests.chaos.network import Host, Network, mount_small_disk
from tests.chaos.observer import Observer
from tests.chaos.operator import Operator
from tests.chaos.orders import LoadState, ReadLoad, SetLoad
from tests.chaos.slot import Slot, processes_in
from tests.chaos.unit import PION, Ending, Unit
from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.server import Settings
from transport.limits import Limits
from transport.message import Message
from transport.messages.replication import Status
from transport.pid import Address, Pid

_ZOOKEEPER_PORT = 2181
_MASTER_PORT = 5050
_AGENT_PORT = 5051
_ACTORS = 1000
_LOAD_PORT = 7000
_LIGHT_PORT = 7001
_LIGHT_HOSTS = 4
_RESOURCES = "cpus:64;mem:65536;disk:10240;ports:[31000-31100]"
_PAUSE_SECONDS = 0.02
_ASK_SECONDS = 5.0
#: A whole cluster starts in that, on a machine that has much else to do.
START_SECONDS = 120.0
#: How large the disk of a master is where it has one of its own.
DISK_MEGABYTES = 24

T = TypeVar("T", bound=Message)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the rig. With one master there are no ZooKeepers."""

    masters: int = 3
    zookeepers: int = 3
    agents: int = 4
    #: Beside them, so many that run nothing, on four hosts.
    light_agents: int = 0
    session_seconds: float = 4.0
    #: Of the framework; none: it is not started.
    tasks_per_second: float = 2.0
    long_tasks: int = 8
    small_disks: bool = False
    seed: str = "0"
    master_flags: tuple[str, ...] = ()
    agent_flags: tuple[str, ...] = ()


class Rig:
    """Stands in its `with` block; `failed` says that its folder is to be kept, for those who look why."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.failed = False
        self.slot = Slot()
        try:
            self._build()
        except BaseException:
            self.slot.close()
            raise

    def _build(self) -> None:
        plan = self.plan
        self.folder = self.slot.folder
        self.truth = self.folder / "truth"
        self.history = History(self.folder / "driver.jsonl")
        self.network = Network(self.slot)
        hosts = {name: self.network.host(name) for name in self._names()}
        self.hosts = hosts
        places = [host for name, host in hosts.items() if name.startswith("zk")]
        self.zookeepers = Ensemble(
            self.folder,
            addresses=[Address(host.address, _ZOOKEEPER_PORT) for host in places],
            prefixes=[host.prefix for host in places],
            # Sessions of 1 to 10 s.
            settings=Settings(tick_milliseconds=500),
        )
        self.masters = [self._master(f"m{number}") for number in range(1, plan.masters + 1)]
        self.agents = [self._agent(f"a{number}") for number in range(1, plan.agents + 1)]
        self.load = self._framework("f1")
        self.light = [self._light(name) for name in hosts if name.startswith("l")]
        self.units = [*self.masters, *self.agents, *self.light, self.load]
        self._system = PykkaSystem(
            bind=Address(self.network.own_address, 0),
            # What is killed all the time is asked all the time.
            limits=Limits(backoff_max_seconds=0.2, silence_seconds=3.0, ping_seconds=1.0),
            logger=lambda pid: BriefLog(pid.name, "error"),
            network_log=lambda *_, **__: None,
        )
        self.operator = Operator(self.history)
        nodes = [(unit.host.address, _MASTER_PORT + _ACTORS) for unit in self.masters]
        self.observer = Observer(nodes, self.history, self.operator)
        self.log = LogReader(nodes, self.history)

    def _names(self) -> Iterable[str]:
        plan = self.plan
        zookeepers = plan.zookeepers if plan.masters > 1 else 0
        light = _LIGHT_HOSTS if plan.light_agents else 0
        counts = (("zk", zookeepers), ("m", plan.masters), ("a", plan.agents), ("l", light), ("f", 1))
        for kind, count in counts:
            yield from (f"{kind}{number}" for number in range(1, count + 1))

    # --- what stands there ---

    @property
    def master(self) -> str:
        """What `--master` of agents and frameworks says."""
        if self.plan.masters == 1:
            return f"{self.hosts['m1'].address}:{_MASTER_PORT}"
        return self.zookeepers.url("/mesos")

    def _master(self, name: str) -> Unit:
        host, plan = self.hosts[name], self.plan
        folder = self.folder / name
        folder.mkdir()
        if plan.small_disks:
            mount_small_disk(folder, self.folder / f"{name}.image", DISK_MEGABYTES)
        flags = [f"--ip={host.address}", f"--port={_MASTER_PORT}", f"--work_dir={folder}"]
        flags += [f"--hostname={name}", "--allocation_interval=500ms", *plan.master_flags]
        if plan.masters > 1:
            flags += [f"--zk={self.master}", f"--quorum={plan.masters // 2 + 1}"]
            flags += [f"--zk_session_timeout={round(plan.session_seconds * 1000)}ms"]
        return Unit(name, host, (*PION, "master", *flags), self.folder)

    def _agent(self, name: str) -> Unit:
        host = self.hosts[name]
        folder = self.folder / name
        flags = [f"--ip={host.address}", f"--port={_AGENT_PORT}", f"--work_dir={folder}"]
        flags += [f"--runtime_dir={folder / 'run'}", f"--hostname={name}", f"--master={self.master}"]
        flags += [f"--resources={_RESOURCES}", *self.plan.agent_flags]
        if self.plan.masters > 1:
            flags += [f"--zk_session_timeout={round(self.plan.session_seconds * 1000)}ms"]
        return Unit(name, host, (*PION, "agent", *flags), self.folder)

    def _light(self, name: str) -> Unit:
        host = self.hosts[name]
        program = (PION[0], "-m", "tests.chaos.light", self.master, host.address, str(_LIGHT_PORT))
        share = self.plan.light_agents // _LIGHT_HOSTS
        return Unit(name, host, (*program, str(self.plan.session_seconds), name, str(share)), self.folder)

    def _framework(self, name: str) -> Unit:
        host = self.hosts[name]
        program = (PION[0], "-m", "tests.chaos.load", self.master, host.address, str(_LOAD_PORT))
        files = (str(self.folder / "load.jsonl"), str(self.truth), self.plan.seed)
        return Unit(name, host, (*program, *files), self.folder)

    # --- its life ---

    def __enter__(self) -> Self:
        self._system.start()
        self._system.spawn(lambda: self.operator, "operator")
        self._system.spawn(lambda: self.observer, "observer")
        self._system.spawn(lambda: self.log, "log")
        return self

    def start(self) -> None:
        """Start everything, and wait until it works."""
        self.zookeepers.start()
        self.zookeepers.wait()
        for unit in self.units:
            if unit is not self.load or self.plan.tasks_per_second:
                unit.start()
        self.wait_for(self.all_agents_back, START_SECONDS, "all agents are registered")
        if self.plan.tasks_per_second:
            self.set_load(self.plan.tasks_per_second, self.plan.long_tasks)
            self.wait_for(lambda: len(self.load_state().running) == self.plan.long_tasks, START_SECONDS)
        self.operator.works = True
        self.wait_for(lambda: self.operator.acknowledged > 0, START_SECONDS, "the operator is heard")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for unit in self.units:
            unit.held = True
        self._system.stop(1.0)
        self.zookeepers.kill()
        self.history.close()
        self.slot.close(keep_folder=self.failed or kind is not None)
        for unit in self.units:
            unit.reap()

    # --- looking after it ---

    def tend(self) -> None:
        """Start again what has ended."""
        for unit in self.units:
            unit.tend()

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str = "") -> float:
        """Look after the rig until something is so; returns how long that took. Raises TimeoutError."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() > begin + seconds:
                raise TimeoutError(f"not within {seconds:g} s: {what or condition}; see {self.folder}")
            self.tend()
            time.sleep(_PAUSE_SECONDS)
        return time.monotonic() - begin

    def hold(self, seconds: float) -> None:
        """Look after the rig for so long."""
        with contextlib.suppress(TimeoutError):
            self.wait_for(lambda: False, seconds)

    @property
    def endings(self) -> list[Ending]:
        """Every daemon that ended, in order."""
        return sorted((one for unit in self.units for one in unit.endings), key=lambda one: one.at)

    # --- what is known of it ---

    def leader(self, since: float | None = None) -> Unit | None:
        """The master that answered last: within the last second, or to what was asked after `since`."""
        limit = time.monotonic() - 1.0 if since is None else since
        latest = max((last for _, last in self.observer.answers.values()), default=None)
        if latest is None or latest.asked < limit:
            return None
        return next(unit for unit in self.masters if unit.host.address == latest.master.host)

    def serving_since(self, moment: float, but: Pid | None = None) -> float | None:
        """When a master (`but` that life of one) first answered what was asked after that moment."""
        times = []
        for pid, (first, last) in self.observer.answers.items():
            if pid != but and last.asked >= moment:
                times.append(first.at if first.asked >= moment else last.at)
        return min(times, default=None)

    def life_of_leader(self) -> Pid:
        """Which life of which master answered last."""
        return max((last for _, last in self.observer.answers.values())).master

    def agents_registered(self) -> int:
        """With the leader, as far as was heard within the last second."""
        leader = self.leader()
        at, count = (0.0, 0) if leader is None else self.observer.agents.get(leader.host.address, (0.0, 0))
        return count if at > time.monotonic() - 1.0 else 0

    def all_replicas_vote(self) -> bool:
        """Whether every replica of the log was heard of within the last second, and votes."""
        heard = [self.observer.replicas.get(unit.host.address) for unit in self.masters]
        limit = time.monotonic() - 1.0
        return all(one is not None and one[0] > limit and one[1] is Status.VOTING for one in heard)

    def all_agents_back(self) -> bool:
        """Whether the leader has every agent."""
        light = self.plan.light_agents // _LIGHT_HOSTS * _LIGHT_HOSTS
        return self.agents_registered() >= self.plan.agents + light

    def ask(self, pid: Pid, message: Message, answer: type[T]) -> T:
        """Ask an actor; raises TimeoutError or ConnectionError."""
        told = self._system.ask(pid, message, _ASK_SECONDS)
        assert isinstance(told, answer), told
        return told

    def ask_load(self, message: Message, answer: type[T]) -> T:
        """Ask the framework, again until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.tend()
            try:
                return self.ask(Pid(LOAD, self.load.host.address, _LOAD_PORT), message, answer)
            except (TimeoutError, ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)

    def load_state(self) -> LoadState:
        return self.ask_load(ReadLoad(), LoadState)

    def set_load(self, tasks_per_second: float, long_tasks: int) -> None:
        self.ask_load(SetLoad(tasks_per_second, long_tasks), LoadState)

    def executor_node(self, agent: Unit) -> int | None:
        """The number of the process that runs an agent's tasks."""
        for process in processes_in(agent.host.namespace):
            with contextlib.suppress(OSError):
                if b"executor.node" in Path(f"/proc/{process}/cmdline").read_bytes():
                    return process
        return None

    def chance(self, *names: object) -> random.Random:
        """Chance of its own for one purpose, from the plan's seed."""
        return random.Random(" ".join(map(str, (self.plan.seed, *names))))

    def host_of_zookeeper(self, number: int) -> Host:
        return self.hosts[f"zk{number}"]

    def signal_all_zookeepers(self, number: signal.Signals) -> None:
        for server in self.zookeepers.servers:
            if server.runs:
                (server.stop if number is signal.SIGSTOP else server.resume)()
