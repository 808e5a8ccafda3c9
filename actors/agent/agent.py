"""The actor `agent`: passes each message on to whoever deals with it (see the package's own words)."""

from __future__ import annotations

import random
from collections.abc import Callable

from actors.agent.books import Books
from actors.agent.environment import fixed_environment
from actors.agent.executor_node import ExecutorNode
from actors.agent.executors import ExecutorDesk
from actors.agent.flags import AgentFlags
from actors.agent.gauges import AgentMetrics
from actors.agent.killing import KillDesk
from actors.agent.launching import LaunchDesk
from actors.agent.leaving import Leaving
from actors.agent.operations import OperationDesk
from actors.agent.passing import PassingDesk
from actors.agent.reading import ReadableAgent
from actors.agent.registration import Registration
from actors.agent.repeats import SWEEP_SECONDS, Repeats
from actors.agent.resumption import Resumption
from actors.agent.statuses import StatusDesk
from actors.agent.subscription import SubscriptionDesk
from actors.process import handles
from transport.message import Message
from transport.messages import checkpointing, executing, hosting, launching, membership, scheduling
from transport.messages.checkpointing import Archive, Archived, RecoverAgent, Save, SendUpdates
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.node import NodeStopping
from transport.pid import Pid
from transport.records.agent import AgentInfo


class Agent(ReadableAgent):
    """One host of the cluster. It spawns nothing: the actors of its node are given."""

    def __init__(
        self,
        flags: AgentFlags,
        info: AgentInfo,
        detector: Pid,
        archive: Pid,
        updates: Pid,
        garbage: Pid,
        keeper: Pid,
        metrics: AgentMetrics | None = None,
    ) -> None:
        """`info` is what the host has, without an id; raises FlagError for flags that cannot be used."""
        self.flags = flags
        self.updates = updates
        self.garbage = garbage
        self.keeper = keeper
        self.books = Books(info, flags.max_completed_executors_per_framework)
        self.metrics = metrics or AgentMetrics()
        self._detector = detector
        self._archive = archive
        self._environment = fixed_environment(flags.executor_environment_variables)
        self._requests: dict[int, Callable[[Archived], None]] = {}
        self._request_id = 0
        self._recovered = False

    def initialize(self) -> None:
        """Ask what the agent before this one left."""
        books, metrics = self.books, self.metrics
        self._started_at = self.system.now()
        self._statuses = StatusDesk(self, books, metrics)
        self._repeats = repeats = Repeats(self)
        self._node = ExecutorNode(self, books, repeats)
        self._executors = ExecutorDesk(self, books, self._statuses, self._node, repeats, metrics)
        self._launches = LaunchDesk(self, books, self._statuses, self._executors, repeats, self._environment)
        self._kills = KillDesk(self, books, self._statuses, self._executors, repeats)
        self._subscriptions = SubscriptionDesk(
            self, books, self._statuses, self._node, self._executors, self._launches, self._kills
        )
        self._operations = OperationDesk(self, books)
        self._passing = PassingDesk(self, books, metrics)
        self._registration = Registration(self, books, self._abort, self._look_for_leader)
        self._leaving = Leaving(self, books, self._executors, self._registration)
        self._resumption = Resumption(self, books, self._node, self._executors, self._operations, self._ready)
        metrics.read_from(books, lambda: self.system.now() - self._started_at)
        metrics.registered.read = lambda: float(self.has_master)
        self.send(self._archive, RecoverAgent())
        self.every(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        for executor in self._repeats.sweep():
            self._executors.shut_down(executor)

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves; slow."""
        self.books.check_invariants()

    # --- what the desks ask (actors.agent.world) ---

    @property
    def rng(self) -> random.Random:
        """The only source of chance."""
        return self.system.rng

    @property
    def epoch(self) -> int:
        """The newest leader's epoch that this node has heard of."""
        return self.system.epoch

    def now(self) -> float:
        """Monotonic seconds."""
        return self.system.now()

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return self.system.wall()

    @property
    def has_master(self) -> bool:
        """Whether the agent is registered with a master."""
        return self._registration.master is not None

    def report(self, message: Message) -> None:
        """Tell the master, if the agent is registered with one."""
        master = self._registration.master
        if master is not None:
            self.send(master, message)

    def archive(self, saves: tuple[Save, ...], then: Callable[[Archived], None]) -> None:
        """Have these kept, and go on once they are."""
        self._request_id += 1
        self._requests[self._request_id] = then
        self.send(self._archive, Archive(self._request_id, saves))

    # --- beginning and end ---

    @handles(checkpointing.AgentRecovered)
    def recovered(self, sender: Pid, message: checkpointing.AgentRecovered) -> None:
        """What was found on the disk."""
        if self._recovered:
            return
        self._recovered = True
        self.metrics.recovery_errors.set(len(message.checkpoint.errors))
        error = message.error or self._resumption.recover(message.checkpoint)
        if error is not None:
            self._abort(error)

    def _ready(self) -> None:
        """Executors are back, or given up."""
        self.metrics.recovery_time.set(self.system.now() - self._started_at)
        if self.flags.recover == "cleanup":
            self._leaving.begin("the agent was started with --recover=cleanup")
        else:
            self._look_for_leader(doubted=False)

    def _look_for_leader(self, *, doubted: bool) -> None:
        self.send(self._detector, WatchLeader(doubted))

    def _abort(self, reason: str) -> None:
        self.system.abort(reason)

    @handles(Archived)
    def archived(self, sender: Pid, message: Archived) -> None:
        """Something is durable."""
        then = self._requests.pop(message.request_id, None)
        if then is not None:
            then(message)
            self._leaving.go_on()

    @handles(membership.UnregisterAgent)
    def unregister(self, sender: Pid, message: membership.UnregisterAgent) -> None:
        """The operator wants the agent to leave for good (SIGUSR1); only the agent's own node may say so."""
        if sender.address == self.pid.address:
            self._leaving.begin("the agent is unregistered", unregister=True)

    @handles(membership.ShutdownAgent)
    def shut_down(self, sender: Pid, message: membership.ShutdownAgent) -> None:
        """The agent may not be part of the cluster."""
        if self._registration.leads(sender):
            self._leaving.begin(f"the master shuts the agent down: {message.message}", forget=True)
        else:
            self._ignore(sender, message)

    @handles(NodeStopping)
    def node_stops(self, sender: Pid, message: NodeStopping) -> None:
        """The node ends, as it was asked to."""

    def exited(self, pid: Pid) -> None:
        """The master, the executor node or an executor is gone."""
        if self._registration.lost(pid):
            return
        lost = self._node.lost(pid)
        if lost is None:
            executor = self._node.subscribed(pid)
            lost = [] if executor is None or executor.pid != pid else [executor]
        for executor in lost:
            self._executors.lost(executor)

    # --- the master: membership ---

    @handles(LeaderDetected)
    def leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        """Who leads, as the agent's own detector says."""
        if sender.whoever() == self._detector.whoever():
            self._registration.detected(message)

    @handles(membership.AgentRegistered)
    def registered(self, sender: Pid, message: membership.AgentRegistered) -> None:
        """The master admitted the agent."""
        if self._registration.admitted(sender, message.agent_id, message.ping_timeout_seconds):
            self._operations.tell_all()

    @handles(membership.AgentReregistered)
    def reregistered(self, sender: Pid, message: membership.AgentReregistered) -> None:
        """The master has the agent back, and tells which tasks it misses."""
        if self._registration.admitted(sender, message.agent_id, message.ping_timeout_seconds):
            self._operations.tell_all()
            self._executors.tell_ends()
        if self._registration.obeys(sender):
            self._statuses.reconcile(message.reconciliations)

    @handles(membership.ReconcileTasks)
    def reconcile_tasks(self, sender: Pid, message: membership.ReconcileTasks) -> None:
        """The master misses news of tasks."""
        if self._obeys(sender, message):
            self._statuses.reconcile(message.reconciliations)

    @handles(membership.PingAgent)
    def ping(self, sender: Pid, message: membership.PingAgent) -> None:
        """Whoever watches over agents asks."""
        self._registration.ping(sender, message)

    @handles(membership.DrainAgent)
    def drain(self, sender: Pid, message: membership.DrainAgent) -> None:
        """Kill all tasks, and take no new ones."""
        if self._obeys(sender, message):
            self._kills.drain(message.config)

    @handles(membership.ReactivateAgent)
    def reactivate(self, sender: Pid, message: membership.ReactivateAgent) -> None:
        """Take tasks again."""
        if self._obeys(sender, message):
            self._kills.reactivate()

    def _obeys(self, sender: Pid, message: Message) -> bool:
        if self._registration.obeys(sender):
            return True
        self._ignore(sender, message)
        return False

    def _ignore(self, sender: Pid, message: Message) -> None:
        self.log.warning("message of a stranger", type=type(message).__name__, sender=str(sender))

    # --- the master: what runs ---

    @handles(launching.RunTask)
    def run_task(self, sender: Pid, message: launching.RunTask) -> None:
        """Launch a task."""
        if self._obeys(sender, message) and not self._leaving.leaves:
            self._launches.run_task(message)

    @handles(launching.RunTaskGroup)
    def run_group(self, sender: Pid, message: launching.RunTaskGroup) -> None:
        """Launch tasks together."""
        if self._obeys(sender, message) and not self._leaving.leaves:
            self._launches.run_group(message)

    @handles(launching.KillTask)
    def kill_task(self, sender: Pid, message: launching.KillTask) -> None:
        """End a task."""
        if self._obeys(sender, message):
            self._kills.kill_task(message)

    @handles(launching.ShutdownExecutor)
    def shut_down_executor(self, sender: Pid, message: launching.ShutdownExecutor) -> None:
        """End an executor."""
        if self._obeys(sender, message):
            executor = self.books.executor(message.framework_id, message.executor_id)
            if executor is not None:
                self._executors.shut_down(executor)

    @handles(launching.ShutdownFramework)
    def shut_down_framework(self, sender: Pid, message: launching.ShutdownFramework) -> None:
        """End all executors of a framework."""
        if self._obeys(sender, message):
            self._executors.shut_down_framework(message.framework_id)

    @handles(launching.FrameworkChanged)
    def framework_changed(self, sender: Pid, message: launching.FrameworkChanged) -> None:
        """Keep what a framework says of itself; one that was away hears now what it has missed."""
        if not self._obeys(sender, message):
            return
        self._launches.framework_changed(message)
        framework_id = message.framework.id
        if framework_id is not None and framework_id.value in self.books.frameworks:
            self.send(self.updates, SendUpdates(sender))

    @handles(launching.AcknowledgeUpdate)
    def acknowledge(self, sender: Pid, message: launching.AcknowledgeUpdate) -> None:
        """The scheduler has dealt with an update."""
        if self._obeys(sender, message):
            self._statuses.acknowledge(message)

    @handles(launching.ApplyOperation)
    def apply_operation(self, sender: Pid, message: launching.ApplyOperation) -> None:
        """Change the agent's resources."""
        if self._obeys(sender, message):
            self._operations.apply(message)

    @handles(launching.AcknowledgeOperationUpdate)
    def acknowledge_operation(self, sender: Pid, message: launching.AcknowledgeOperationUpdate) -> None:
        """Somebody has dealt with an operation's update."""
        if self._obeys(sender, message):
            self._operations.acknowledge(message)

    @handles(launching.ReconcileAgentOperations)
    def reconcile_operations(self, sender: Pid, message: launching.ReconcileAgentOperations) -> None:
        """Tell which operations are not known."""
        if self._obeys(sender, message):
            self._operations.reconcile(message)

    @handles(scheduling.FrameworkMessage)
    def framework_message(self, sender: Pid, message: scheduling.FrameworkMessage) -> None:
        """Bytes for an executor."""
        if self._obeys(sender, message):
            self._passing.to_executor(message)

    # --- executors ---

    @handles(executing.SubscribeExecutor)
    def subscribe(self, sender: Pid, message: executing.SubscribeExecutor) -> None:
        """An executor is there; before the books are read nobody is known, and it tries again."""
        if not self._recovered:
            return
        executor = self._subscriptions.subscribe(sender, message)
        if executor is not None:
            self._repeats.watch(executor)
            self._resumption.subscribed(executor)

    @handles(executing.FindExecutor)
    def find_executor(self, sender: Pid, message: executing.FindExecutor) -> None:
        """The HTTP server asks whether an executor may say something."""
        self.send(sender, self._subscriptions.find(message, self._recovered, self._resumption.over))

    @handles(executing.ExecutorUpdate)
    def update(self, sender: Pid, message: executing.ExecutorUpdate) -> None:
        """What became of a task."""
        self._subscriptions.update(sender, message)

    @handles(scheduling.ExecutorMessage)
    def executor_message(self, sender: Pid, message: scheduling.ExecutorMessage) -> None:
        """Bytes for a scheduler."""
        self._passing.to_scheduler(sender, message)

    # --- the executor node ---

    @handles(hosting.ExecutorNodeFound)
    def node_found(self, sender: Pid, message: hosting.ExecutorNodeFound) -> None:
        """Where executors run."""
        self._node.found(message)

    @handles(hosting.ExecutorNodeEnds)
    def node_ends(self, sender: Pid, message: hosting.ExecutorNodeEnds) -> None:
        """The agent leaves, and needs no executor node any more."""
        self._leaving.stop()

    @handles(hosting.ExecutorsRecovered)
    def node_recovered(self, sender: Pid, message: hosting.ExecutorsRecovered) -> None:
        """What runs there."""
        if self._node.answers(sender) and not self._node.ready:
            self._resumption.node_recovered(message)
            self._leaving.go_on()

    @handles(hosting.ExecutorLaunched)
    def executor_launched(self, sender: Pid, message: hosting.ExecutorLaunched) -> None:
        """An executor was started."""
        self._executors.launched(message)

    @handles(hosting.ExecutorEnded)
    def executor_ended(self, sender: Pid, message: hosting.ExecutorEnded) -> None:
        """An executor's container is no more."""
        if self._node.answers(sender) and self._recovered:
            self._executors.end(message.ending)
            self._resumption.ended(message.ending)
            self._leaving.go_on()

    # --- the streams of updates ---

    @handles(checkpointing.UpdateStreamed)
    def streamed(self, sender: Pid, message: checkpointing.UpdateStreamed) -> None:
        """An update is safe."""
        executor = self._statuses.streamed(message)
        if executor is not None:
            self._executors.settle(executor)

    @handles(checkpointing.StreamAdvanced)
    def advanced(self, sender: Pid, message: checkpointing.StreamAdvanced) -> None:
        """An acknowledgement is safe."""
        executor = self._statuses.advanced(message)
        if executor is not None:
            self._repeats.watch(executor)
            self._executors.settle(executor)
            self._leaving.go_on()
