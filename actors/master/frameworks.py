"""The desk for frameworks: subscribing, coming back, being away, ending (mesos-protocol.md §§2.5-2.12)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import Final

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkEntry, FrameworkState
from actors.master.framework_register import FrameworkRegister
from actors.master.gauges import MasterMetrics
from actors.master.offers import OfferDesk
from actors.master.subscription import SubscriptionRules, change_error, named, returning
from actors.master.tasks import TaskDesk
from actors.master.world import World
from transport.message import Message
from transport.messages import allocation
from transport.messages.launching import FrameworkChanged, ShutdownFramework
from transport.messages.operating import OperatorAnswer, TeardownRequest
from transport.messages.scheduling import (
    FrameworkInfoUpdated,
    Heartbeat,
    SchedulerError,
    Subscribe,
    Subscribed,
    UpdateFrameworkInfo,
)
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.offer_constraints import OfferConstraints
from transport.records.resources import Resources

#: How often each connected scheduler hears that the master lives.
HEARTBEAT_SECONDS: Final = 15.0


class FrameworkDesk:
    """Knows which scheduler speaks for which framework; one at a time."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        flags: MasterFlags,
        offers: OfferDesk,
        tasks: TaskDesk,
        metrics: MasterMetrics | None = None,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._tasks = tasks
        self._metrics = metrics or MasterMetrics()
        self._completed_limit = flags.max_completed_tasks_per_framework
        self._unreachable_limit = flags.max_unreachable_tasks_per_framework
        self._rules = SubscriptionRules(
            None if flags.roles is None else [role.strip() for role in flags.roles.split(",")],
            root_submissions=flags.root_submissions,
        )
        self.register = FrameworkRegister(world, cluster, flags, self.remove)
        self._numbers = count()
        #: Called for each agent when a framework is removed: something there may have come to its end.
        self.when_ended: Callable[[str], None] = lambda _agent_id: None
        #: The framework that a subscribed scheduler speaks for.
        self._by_pid: dict[Pid, FrameworkEntry] = {}

    def of(self, scheduler: Pid) -> FrameworkEntry | None:
        """The framework that a subscribed scheduler speaks for."""
        return self._by_pid.get(scheduler)

    # --- subscribing ---

    def subscribe(self, sender: Pid, message: Subscribe) -> None:
        """Let a framework in, new or back; what cannot be is answered by SchedulerError."""
        info = message.framework
        known = self._by_pid.get(sender)
        if info.id is None or not info.id.value:
            self._metrics.messages_register_framework.increment()
            # A scheduler that has not heard the answer yet asks once more without an id.
            framework_id = self._new_id() if known is None else known.id
            info = named(info, framework_id)
        else:
            self._metrics.messages_reregister_framework.increment()
            framework_id = info.id.value
        framework = self._cluster.frameworks.get(framework_id)
        error = self._refusal(sender, message, info, framework)
        if error is not None:
            # By asking once more, a scheduler learns that its teardown arrived: nothing to worry about.
            log = self._world.log.info if self.is_completed(framework_id) else self._world.log.warning
            log("subscription refused", framework_id=framework_id, scheduler=str(sender), reason=error)
            self._world.send(sender, SchedulerError(error))
            return
        if known is not None and known is not framework:
            self._disconnect(known, "its scheduler subscribed another framework")
        if framework is None:
            self._add(sender, info, message)
        elif framework.pid == sender and framework.connected:
            self._repeat(framework, returning(framework.info, info), message)
        else:
            self._take_over(framework, sender, returning(framework.info, info), message)

    def _refusal(
        self, sender: Pid, message: Subscribe, info: FrameworkInfo, framework: FrameworkEntry | None
    ) -> str | None:
        assert info.id is not None
        error = self._rules.error(info, message.suppressed_roles, message.constraints)
        if error is not None:
            return error
        if self.is_completed(info.id.value):
            return "Framework has been removed"
        if framework is None:
            return None
        before, now = framework.info.principal or None, info.principal or None
        if before != now:
            return f"framework_info.principal: cannot be changed from {before!r} to {now!r}"
        if framework.connected and framework.pid != sender and not message.force:
            return "Framework failed over"
        return None

    def _add(self, pid: Pid, info: FrameworkInfo, message: Subscribe) -> None:
        framework = self._entry(info, pid)
        framework.suppressed_roles = message.suppressed_roles
        framework.constraints = message.constraints or OfferConstraints()
        self._cluster.add_framework(framework)
        self._world.log.info(
            "framework subscribed", framework_id=framework.id, name=info.name, scheduler=str(pid)
        )
        self._welcome(framework, pid)
        self._world.allocate(
            allocation.AddFramework(
                framework.id,
                framework.info,
                active=True,
                suppressed_roles=framework.suppressed_roles,
                constraints=framework.constraints,
            )
        )
        if message.framework.id == info.id:
            # It was there under another master: agents may know it.
            self._broadcast(FrameworkChanged(info))

    def _repeat(self, framework: FrameworkEntry, info: FrameworkInfo, message: Subscribe) -> None:
        """The same scheduler again: it loses nothing, least of all its offers."""
        assert framework.pid is not None
        self._describe(framework, info, message.suppressed_roles, message.constraints)
        self._welcome(framework, framework.pid)

    def _take_over(
        self, framework: FrameworkEntry, pid: Pid, info: FrameworkInfo, message: Subscribe
    ) -> None:
        """Another scheduler speaks for the framework, or the old one again: it begins without offers."""
        old = framework.pid if framework.connected else None
        if old is not None:
            self._world.send(old, SchedulerError("Framework failed over"))
            self._part(framework)
        if framework.failover is not None:
            framework.failover.cancel()
            framework.failover = None
        framework.pid = pid
        framework.state = FrameworkState.ACTIVE
        framework.reregistered_at = self._world.wall()
        self._world.log.info(
            "framework is back",
            framework_id=framework.id,
            scheduler=str(pid),
            instead_of=None if old is None else str(old),
        )
        self._welcome(framework, pid)
        told = framework.info
        self._describe(framework, info, message.suppressed_roles, message.constraints)
        if framework.info is told:
            # Its agents send again what it has not acknowledged.
            self._broadcast(FrameworkChanged(told))
        self._world.allocate(allocation.ActivateFramework(framework.id))

    def _welcome(self, framework: FrameworkEntry, pid: Pid) -> None:
        framework.tally.called(Subscribe)
        self._by_pid[pid] = framework
        self._world.link(pid)
        self.register.note(framework)
        self._world.send(pid, Subscribed(framework.id, HEARTBEAT_SECONDS, self._world.info))
        self._world.send(pid, Heartbeat())

    def beat(self) -> None:
        """Tell every connected scheduler that the master lives."""
        for pid in self._by_pid:
            self._world.send(pid, Heartbeat())

    # --- what a framework says about itself ---

    def update_info(self, framework: FrameworkEntry, message: UpdateFrameworkInfo) -> None:
        """Replace what the framework said of itself, or answer why not."""
        assert framework.pid is not None
        info = message.framework
        if info.id is None or info.id.value != framework.id:
            error: str | None = "framework_info.id: must be the framework's"
        else:
            error = self._rules.error(info, message.suppressed_roles, message.constraints)
            error = error or change_error(framework.info, info)
        if error is None:
            self._describe(framework, info, message.suppressed_roles, message.constraints)
        self._world.log.info("framework updated", framework_id=framework.id, error=error)
        self._world.send(framework.pid, FrameworkInfoUpdated(error))

    def _describe(
        self,
        framework: FrameworkEntry,
        info: FrameworkInfo,
        suppressed_roles: tuple[str, ...],
        constraints: OfferConstraints | None,
    ) -> None:
        constraints = constraints or OfferConstraints()
        before = framework.info, framework.suppressed_roles, framework.constraints
        if (info, suppressed_roles, constraints) == before:
            return
        framework.describe(info)
        self.register.note(framework)
        framework.suppressed_roles, framework.constraints = suppressed_roles, constraints
        for offer in tuple(framework.offers.values()):
            if offer.role not in framework.roles:
                self._offers.rescind(offer)
        self._world.allocate(allocation.UpdateFramework(framework.id, info, suppressed_roles, constraints))
        self._broadcast(FrameworkChanged(info))

    def revive(self, framework: FrameworkEntry, roles: tuple[str, ...]) -> None:
        """Offer again in some or (none given) all roles; a call that names a foreign role is dropped."""
        if self._own(framework, roles, "revive"):
            revived = roles or framework.roles
            framework.suppressed_roles = tuple(
                role for role in framework.suppressed_roles if role not in revived
            )
            self._world.allocate(allocation.ReviveOffers(framework.id, roles))

    def suppress(self, framework: FrameworkEntry, roles: tuple[str, ...]) -> None:
        """Make no offers in some or (none given) all roles; a call that names a foreign role is dropped."""
        if self._own(framework, roles, "suppress"):
            suppressed = (*framework.suppressed_roles, *(roles or framework.roles))
            framework.suppressed_roles = tuple(dict.fromkeys(suppressed))
            self._world.allocate(allocation.SuppressOffers(framework.id, roles))

    def _own(self, framework: FrameworkEntry, roles: Collection[str], call: str) -> bool:
        foreign = [role for role in roles if role not in framework.roles]
        if foreign:
            self._world.log.warning(
                "call names a role that the framework is not in",
                call=call,
                framework_id=framework.id,
                roles=foreign,
            )
        return not foreign

    # --- being away ---

    def exited(self, pid: Pid) -> None:
        """A scheduler, if it was one, cannot be reached: it has its failover timeout to come back."""
        framework = self._by_pid.get(pid)
        if framework is not None:
            self._disconnect(framework, "its scheduler cannot be reached")

    def _disconnect(self, framework: FrameworkEntry, reason: str) -> None:
        self._part(framework)
        timeout = framework.failover_timeout_seconds
        framework.failover = self._world.delay(timeout, self._give_up, framework)
        self._world.log.info(
            "framework disconnected",
            framework_id=framework.id,
            reason=reason,
            failover_timeout_seconds=timeout,
        )

    def _part(self, framework: FrameworkEntry) -> None:
        """The scheduler does not speak for the framework any more."""
        assert framework.pid is not None
        del self._by_pid[framework.pid]
        self._world.unlink(framework.pid)
        framework.state = FrameworkState.DISCONNECTED
        self._world.allocate(allocation.DeactivateFramework(framework.id))
        self._offers.discard_all(framework)

    def _give_up(self, framework: FrameworkEntry) -> None:
        framework.failover = None
        self.remove(framework, "its scheduler did not come back in time")

    # --- ending ---

    def teardown(self, framework: FrameworkEntry) -> None:
        """End a framework that wants it."""
        self.remove(framework, "its scheduler tore it down")

    def teardown_request(self, sender: Pid, message: TeardownRequest) -> None:
        """End a framework because an operator wants it."""
        framework = self._cluster.frameworks.get(message.framework_id)
        if framework is None:
            error = f"framework {message.framework_id!r}: there is no such framework"
            self._world.send(sender, OperatorAnswer(message.request_id, 400, error))
            return
        if framework.connected:
            assert framework.pid is not None
            self._world.send(framework.pid, SchedulerError("Framework has been removed"))
        answer = OperatorAnswer(message.request_id)
        self.remove(framework, "an operator tore it down", lambda: self._world.send(sender, answer))

    def remove(self, framework: FrameworkEntry, reason: str, then: Callable[[], None] = lambda: None) -> None:
        """End a framework and all that it runs; its id cannot be used again. `then` once that is durable."""
        self._world.log.info("framework removed", framework_id=framework.id, reason=reason)
        if framework.connected:
            self._part(framework)
        if framework.failover is not None:
            framework.failover.cancel()
            framework.failover = None
        self._broadcast(ShutdownFramework(framework.id))
        self._tasks.end_all(framework, f"Framework {framework.id} has been removed: {reason}")
        for agent in self._cluster.agents.values():
            self._clear(agent, framework)
        framework.unregistered_at = self._world.wall()
        self._cluster.complete_framework(framework.id)
        self._world.allocate(allocation.RemoveFramework(framework.id))
        for agent_id in tuple(self._cluster.agents):
            self.when_ended(agent_id)
        self.register.remove(framework.id, then)

    def _clear(self, agent: AgentEntry, framework: FrameworkEntry) -> None:
        """The framework holds nothing of the agent any more; operations go on for nobody."""
        for executor in agent.executors_of(framework.id):
            self._cluster.remove_executor(agent, framework.id, executor.executor_id.value)
        for operation in agent.operations.values():
            if operation.record.framework_id == framework.info.id:
                operation.holding = Resources()

    def is_completed(self, framework_id: str) -> bool:
        """Whether the master remembers that the framework was removed."""
        return self._cluster.is_over(framework_id)

    # --- after a master's failover ---

    def recover(self, info: FrameworkInfo) -> FrameworkEntry:
        """A framework that an agent tells of; until it subscribes nobody speaks for it."""
        assert info.id is not None
        framework = self._cluster.frameworks.get(info.id.value)
        if framework is None:
            framework = self._entry(info, None)
            self._cluster.add_framework(framework)
            self._world.allocate(allocation.AddFramework(framework.id, info, active=False))
            self.register.expect(framework.id, framework.failover_timeout_seconds)
            self._world.log.info("framework recovered", framework_id=framework.id, name=info.name)
        return framework

    # --- the details ---

    def _new_id(self) -> str:
        return f"{self._world.info.id}-{next(self._numbers):04d}"

    def _entry(self, info: FrameworkInfo, pid: Pid | None) -> FrameworkEntry:
        return FrameworkEntry(
            info,
            pid,
            registered_at=self._world.wall(),
            completed_limit=self._completed_limit,
            unreachable_limit=self._unreachable_limit,
        )

    def _broadcast(self, message: Message) -> None:
        for agent in self._cluster.agents.values():
            if agent.connected:
                self._world.send(agent.pid, message)
