"""A real master, allocator and registrar in simulation, among agents and schedulers that only act so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec.structs import replace

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.master.flags import MasterFlags
from actors.master.master import Master
from actors.master.observer import AgentObserver
from actors.master.registrar.registrar import Registrar
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.system import Timer
from tests.actors.master.allocator.factories import ALL
from tests.actors.master.lone_log import spawn_store
from transport.messages import launching, membership, scheduling
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task import Task, TaskInfo
from transport.records.task_status import TaskState, TaskStatus

State = TaskState
MASTER = Pid("master", "master", 5050)
_RETRY_SECONDS = 1.0
_TERMINAL = (State.TASK_FINISHED, State.TASK_FAILED, State.TASK_KILLED, State.TASK_LOST, State.TASK_GONE)


class Stage:
    """The cluster; the master's node comes back after `sim` crashes and restarts it, as another reign."""

    def __init__(self, seed: int = 1, **flags: object) -> None:
        self.sim = Simulation(seed)
        self.flags = MasterFlags(**flags)  # type: ignore[arg-type]
        self._reigns = 0
        self._played: list[tuple[SimulatedNode, PlayedAgent | PlayedScheduler]] = []
        self.node = self.sim.node("master", self._boot)
        self.sim.run_until(lambda: self.master.reigns)

    def _boot(self, node: SimulatedNode) -> None:
        self._reigns += 1
        info = MasterInfo(id=f"m{self._reigns}", ip=1, port=5050, hostname="master")
        master = node.pid_of("master")
        store = spawn_store(node)
        registrar = node.spawn(lambda: Registrar(self.flags, store), "registrar", vital=True)
        allocator = node.spawn(
            lambda: AllocatorProcess(HierarchicalAllocator(), master), "allocator", vital=True
        )
        node.spawn(lambda: Master(self.flags, info, allocator, registrar), "master", vital=True)
        node.spawn(lambda: AgentObserver(self.flags, master), "observer", vital=True)

    @property
    def master(self) -> Master:
        """The process that reigns now."""
        return self.node.process("master", Master)

    def agent(self, host: str = "agent", resources: str = "cpus:4;mem:4096") -> PlayedAgent:
        """An agent that has registered."""
        agent = PlayedAgent(resources)
        self.put(host, agent, "agent")
        self.sim.run_until(lambda: agent.registered)
        return agent

    def scheduler(self, info: FrameworkInfo, host: str) -> PlayedScheduler:
        """A scheduler that has subscribed."""
        scheduler = self.stranger(info, host)
        self.sim.run_until(lambda: scheduler.subscribed)
        return scheduler

    def stranger(self, info: FrameworkInfo, host: str) -> PlayedScheduler:
        """A scheduler that wants to subscribe."""
        scheduler = PlayedScheduler(info)
        self.put(host, scheduler, "scheduler")
        return scheduler

    def put(self, host: str, process: PlayedAgent | PlayedScheduler, name: str) -> None:
        """Start an agent or a scheduler on a node of its own."""
        node = self.sim.node(host)
        node.spawn(lambda: process, name)
        self._played.append((node, process))

    def restart_master(self) -> None:
        """Another reign, which knows only what is in the registry; all know that the one before ended."""
        self.node.crash()
        self.sim.run_until(lambda: not any(node.up and one.attached for node, one in self._played))
        self.node.start()
        self.sim.run_until(lambda: self.master.reigns)


def running(
    stage: Stage, scheduler: PlayedScheduler, task_id: str, resources: str = "cpus:1;mem:512"
) -> None:
    """Launch a task on the only offer, and see it run; its update is acknowledged if at all."""
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.launch(task_id, resources)
    stage.sim.run_until(lambda: State.TASK_RUNNING in scheduler.states(task_id))
    stage.sim.run(0.1)


class PlayedAgent(Process):
    """Runs tasks in its mind: each is RUNNING at once, and ends by `finish` or when it is killed."""

    def __init__(self, resources: str) -> None:
        self.total = Resources.parse(resources)
        self.id: str | None = None
        self.registered = False
        self.tasks: dict[tuple[str, str], Task] = {}
        self.frameworks: dict[str, FrameworkInfo] = {}
        self.executors: dict[tuple[str, str], ExecutorInfo] = {}
        #: Updates that are not acknowledged, oldest first.
        self.updates: dict[tuple[str, str], deque[TaskStatus]] = {}
        self.received: list[object] = []
        #: Whether it answers no pings, and does not look for its master.
        self.deaf = False
        #: How long tasks take at most that end by themselves.
        self.task_seconds: float | None = None
        self._silence_seconds = 0.0
        self._silence: Timer | None = None

    @property
    def attached(self) -> bool:
        """Whether it believes that its master knows it."""
        return self.registered

    def initialize(self) -> None:
        self._register()
        self.every(10.0, self._repeat)

    def _register(self) -> None:
        if self.registered or self.deaf:
            return
        info = AgentInfo(hostname=self.pid.host, port=5051, resources=tuple(self.total))
        capabilities = tuple(AgentInfo.Capability(type=each) for each in ALL)
        message: membership.RegisterAgent | membership.ReregisterAgent
        if self.id is None:
            message = membership.RegisterAgent(info, "1.12.0", tuple(self.total), capabilities)
        else:
            message = membership.ReregisterAgent(
                replace(info, id=AgentID(value=self.id)),
                "1.12.0",
                tuple(self.total),
                capabilities,
                frameworks=tuple(self.frameworks.values()),
                executors=tuple(self.executors.values()),
                tasks=tuple(self.tasks.values()),
            )
        self.link(MASTER)
        self.send(MASTER, message)
        self.delay(_RETRY_SECONDS, self._register)

    def exited(self, pid: Pid) -> None:
        self.registered = False
        self.delay(_RETRY_SECONDS, self._register)

    @handles(membership.AgentRegistered)
    def answered(self, sender: Pid, message: membership.AgentRegistered) -> None:
        self.id = message.agent_id
        self._join(message.ping_timeout_seconds)

    def _join(self, silence_seconds: float) -> None:
        self.registered = True
        self._silence_seconds = silence_seconds
        self._listen()

    def _listen(self) -> None:
        """Without a ping for so long, something is wrong that no link tells of."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self.delay(self._silence_seconds, self._look_again)

    def _look_again(self) -> None:
        self.registered = False
        self._register()

    @handles(membership.AgentReregistered)
    def answered_again(self, sender: Pid, message: membership.AgentReregistered) -> None:
        self._join(message.ping_timeout_seconds)
        self._repeat()
        for one in message.reconciliations:
            for status in one.statuses:
                self._answer(one.framework_id, status)

    def _answer(self, framework_id: str, asked: TaskStatus) -> None:
        """A task that it never heard of is lost."""
        key = framework_id, asked.task_id.value
        if key not in self.tasks:
            assert asked.agent_id is not None
            self.tasks[key] = Task(
                name="",
                task_id=asked.task_id,
                framework_id=FrameworkID(value=framework_id),
                agent_id=asked.agent_id,
                state=State.TASK_STAGING,
            )
            self.updates[key] = deque()
            self.become(key, State.TASK_LOST)

    @handles(membership.PingAgent)
    def ping(self, sender: Pid, message: membership.PingAgent) -> None:
        if self.deaf:
            return
        self.send(sender, membership.PongAgent())
        if not message.connected and self.registered:
            self._look_again()
        elif self.registered:
            self._listen()

    @handles(launching.RunTask)
    def run(self, sender: Pid, message: launching.RunTask) -> None:
        info = message.task
        assert message.framework.id is not None
        framework_id = message.framework.id
        self.frameworks[framework_id.value] = message.framework
        if info.executor is not None:
            self.executors[framework_id.value, info.executor.executor_id.value] = info.executor
        key = framework_id.value, info.task_id.value
        self.tasks[key] = Task(
            name=info.name,
            task_id=info.task_id,
            framework_id=framework_id,
            agent_id=info.agent_id,
            executor_id=None if info.executor is None else info.executor.executor_id,
            state=State.TASK_STAGING,
            resources=info.resources,
        )
        self.updates[key] = deque()
        self.become(key, State.TASK_RUNNING)
        if self.task_seconds is not None:
            self.delay(self.system.rng.uniform(0.0, self.task_seconds), self._end, key)

    def _end(self, key: tuple[str, str]) -> None:
        if key in self.tasks:
            self.become(key, State.TASK_FINISHED)

    @handles(launching.KillTask)
    def kill(self, sender: Pid, message: launching.KillTask) -> None:
        self.received.append(message)
        key = message.framework_id, message.task_id
        if key in self.tasks:
            self.become(key, State.TASK_KILLED)

    @handles(launching.ShutdownFramework)
    def shut_down(self, sender: Pid, message: launching.ShutdownFramework) -> None:
        self.received.append(message)
        self.frameworks.pop(message.framework_id, None)
        for key in [key for key in self.tasks if key[0] == message.framework_id]:
            del self.tasks[key], self.updates[key]

    @handles(launching.AcknowledgeUpdate)
    def acknowledged(self, sender: Pid, message: launching.AcknowledgeUpdate) -> None:
        key = message.framework_id, message.task_id
        updates = self.updates.get(key)
        if not updates or updates[0].uuid != message.uuid:
            return
        status = updates.popleft()
        if updates:
            self._say(key)
        elif status.state in _TERMINAL:
            del self.tasks[key], self.updates[key]

    def finish(self, task_id: str, state: TaskState = State.TASK_FINISHED) -> None:
        """A task ends by itself."""
        (key,) = [key for key in self.tasks if key[1] == task_id]
        self.become(key, state)

    def become(self, key: tuple[str, str], state: TaskState) -> None:
        """A task is in another state, unless it is over."""
        task = self.tasks[key]
        if task.state in _TERMINAL:
            return
        self.tasks[key] = replace(task, state=state)
        updates = self.updates[key]
        updates.append(
            TaskStatus(
                task_id=task.task_id,
                state=state,
                agent_id=task.agent_id,
                executor_id=task.executor_id,
                uuid=self.system.rng.randbytes(16),
            )
        )
        if len(updates) == 1:
            self._say(key)

    def _say(self, key: tuple[str, str]) -> None:
        task, status = self.tasks[key], self.updates[key][0]
        self.tasks[key] = replace(task, status_update_state=status.state, status_update_uuid=status.uuid)
        if self.registered:
            assert self.id is not None
            self.send(MASTER, launching.StatusUpdate(key[0], self.id, status, task.state))

    def _repeat(self) -> None:
        for key, updates in self.updates.items():
            if updates:
                self._say(key)

    def unhandled(self, sender: Pid, message: object) -> None:
        self.received.append(message)


class PlayedScheduler(Process):
    """Keeps its offers until the test uses them, and acknowledges every update unless told otherwise."""

    def __init__(self, info: FrameworkInfo) -> None:
        self.info = info
        self.subscribed = False
        self.offers: dict[str, Offer] = {}
        self.statuses: list[TaskStatus] = []
        self.received: list[object] = []
        self.errors: list[str] = []
        self.acknowledges = True
        #: See what comes.
        self.on_offers: Callable[[tuple[Offer, ...]], None] = lambda _offers: None
        self.on_status: Callable[[TaskStatus], None] = lambda _status: None

    @property
    def id(self) -> str:
        """The framework's id."""
        assert self.info.id is not None
        return self.info.id.value

    @property
    def attached(self) -> bool:
        """Whether it believes that its master knows it."""
        return self.subscribed

    def initialize(self) -> None:
        self._subscribe()

    def _subscribe(self) -> None:
        if not self.subscribed and not self.errors:
            self.link(MASTER)
            self.send(MASTER, scheduling.Subscribe(self.info))
            self.delay(_RETRY_SECONDS, self._subscribe)

    def exited(self, pid: Pid) -> None:
        self.subscribed = False
        self.offers.clear()
        self.delay(_RETRY_SECONDS, self._subscribe)

    @handles(scheduling.Subscribed)
    def answered(self, sender: Pid, message: scheduling.Subscribed) -> None:
        self.subscribed = True
        self.info = replace(self.info, id=FrameworkID(value=message.framework_id))

    @handles(scheduling.SchedulerError)
    def refused(self, sender: Pid, message: scheduling.SchedulerError) -> None:
        self.subscribed = False
        self.errors.append(message.message)

    @handles(scheduling.ResourceOffers)
    def offered(self, sender: Pid, message: scheduling.ResourceOffers) -> None:
        self.offers.update((offer.id.value, offer) for offer in message.offers)
        self.on_offers(message.offers)

    @handles(scheduling.RescindOffer)
    def rescinded(self, sender: Pid, message: scheduling.RescindOffer) -> None:
        self.received.append(message)
        self.offers.pop(message.offer_id, None)

    @handles(scheduling.TaskUpdate)
    def updated(self, sender: Pid, message: scheduling.TaskUpdate) -> None:
        status = message.status
        self.statuses.append(status)
        self.on_status(status)
        if self.acknowledges and status.uuid is not None:
            self.acknowledge(status)

    def acknowledge(self, status: TaskStatus) -> None:
        """Say that an update is dealt with."""
        assert status.agent_id is not None
        assert status.uuid is not None
        self.send(
            MASTER,
            scheduling.Acknowledge(self.id, status.agent_id.value, status.task_id.value, status.uuid),
        )

    def states(self, task_id: str) -> list[TaskState]:
        """What was told of a task, oldest first."""
        return [status.state for status in self.statuses if status.task_id.value == task_id]

    def launch(
        self,
        task_id: str,
        resources: str,
        offer: Offer | None = None,
        executor_id: str | None = None,
        refuse_seconds: float = 0.0,
        name: str = "",
    ) -> None:
        """Launch a task on an offer, by default the only one; the rest is given back."""
        if offer is None:
            (offer,) = self.offers.values()
        self.offers.pop(offer.id.value, None)
        command = CommandInfo(value="sleep 1000")
        executor = None
        if executor_id is not None:
            executor = ExecutorInfo(
                type=ExecutorInfo.Type.CUSTOM, executor_id=ExecutorID(value=executor_id), command=command
            )
        info = TaskInfo(
            name=name or task_id,
            task_id=TaskID(value=task_id),
            agent_id=offer.agent_id,
            resources=tuple(Resources.parse(resources)),
            command=command if executor is None else None,
            executor=executor,
        )
        operation = Offer.Operation(
            type=Offer.Operation.Type.LAUNCH, launch=Offer.Operation.Launch(task_infos=(info,))
        )
        accept = scheduling.AcceptOffers(
            self.id, (offer.id.value,), (operation,), Filters(refuse_seconds=refuse_seconds)
        )
        self.send(MASTER, accept)

    def unhandled(self, sender: Pid, message: object) -> None:
        self.received.append(message)
