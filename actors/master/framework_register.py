"""Which frameworks there are, for the masters to come; and the patience with those of the masters before.

Mesos forgets at a failover how long a framework that is away may stay so: if it never comes back, its tasks
run for ever. Here each framework's `failover_timeout` stands in the registry, and counts again from the
moment at which a new master took over; from that moment, because the clocks of two machines cannot be
compared. It is never less than --agent_reregister_timeout, the time that Mesos gives a cluster to gather
after a failover: a framework whose timeout is 0, the default, must be able to look for its new master.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkEntry
from actors.master.world import World
from actors.system import Timer
from transport.messages.registry import (
    KnownFramework,
    MarkFrameworkRemoved,
    RegistryApplied,
    RegistryOperation,
    RememberFramework,
)


class FrameworkRegister:
    """Has frameworks remembered; `give_up` ends one that did not come back in time, for a reason."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        flags: MasterFlags,
        give_up: Callable[[FrameworkEntry, str], None],
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._least_seconds = flags.agent_reregister_timeout.seconds
        self._give_up = give_up
        #: By framework id, the failover timeout that was saved, or is being.
        self._saved: dict[str, float] = {}
        #: Ends the wait for frameworks that have not subscribed with this master, by id.
        self._awaited: dict[str, Timer] = {}

    def recover(self, known: Iterable[KnownFramework], removed: Iterable[str]) -> None:
        """Wait for the frameworks of the masters before; those that were removed stay so (I27)."""
        self._cluster.removed_frameworks.update(dict.fromkeys(removed))
        for one in known:
            self._saved[one.framework_id] = one.failover_timeout_seconds
            self.expect(one.framework_id, one.failover_timeout_seconds)

    def expect(self, framework_id: str, failover_timeout_seconds: float) -> None:
        """A framework that was another master's has its time to come back."""
        if framework_id not in self._awaited:
            patience = max(self._least_seconds, failover_timeout_seconds)
            self._awaited[framework_id] = self._world.delay(patience, self._lose_patience, framework_id)

    def note(self, framework: FrameworkEntry) -> None:
        """A framework subscribed, or describes itself anew; nobody has to wait until that is durable."""
        self._forget_wait(framework.id)
        timeout = framework.failover_timeout_seconds
        if self._saved.get(framework.id) != timeout:
            self._saved[framework.id] = timeout
            self._save(RememberFramework(framework.id, timeout))

    def remove(self, framework_id: str, then: Callable[[], None] = lambda: None) -> None:
        """A framework is over; `then` once that is durable."""
        self._forget_wait(framework_id)
        self._saved.pop(framework_id, None)
        self._save(MarkFrameworkRemoved(framework_id), then)

    def check_invariants(self) -> None:
        """Raise AssertionError when a framework is waited for that is there, or over."""
        for framework_id in self._awaited:
            framework = self._cluster.frameworks.get(framework_id)
            assert framework is None or framework.pid is None, (
                f"{framework_id}: is there and still waited for"
            )
            assert not self._cluster.is_over(framework_id), f"{framework_id}: is over and still waited for"

    def _lose_patience(self, framework_id: str) -> None:
        del self._awaited[framework_id]
        reason = "its scheduler did not come back after the master's failover"
        framework = self._cluster.frameworks.get(framework_id)
        if framework is not None:
            self._give_up(framework, reason)
        else:
            # No agent has told of it: there is nothing to end, but it may not come back either.
            self._world.log.info("framework removed", framework_id=framework_id, reason=reason)
            self._cluster.removed_frameworks[framework_id] = None
            self.remove(framework_id)

    def _forget_wait(self, framework_id: str) -> None:
        timer = self._awaited.pop(framework_id, None)
        if timer is not None:
            timer.cancel()

    def _save(self, operation: RegistryOperation, then: Callable[[], None] = lambda: None) -> None:
        def saved(applied: RegistryApplied) -> None:
            assert applied.error is None, applied.error
            then()

        self._world.save(operation, saved)
