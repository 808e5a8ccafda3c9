"""How a scheduler subscribes with the leading master, and stays so whatever becomes of either."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from actors.election.address import parse_master
from actors.election.standalone import StandaloneDetector
from actors.process import handles
from actors.system import Restart, Timer
from frameworks.calls import Calls
from frameworks.subscription import Subscription
from transport.message import Message
from transport.messages import scheduling
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID
from transport.records.offer_constraints import OfferConstraints

#: How long to wait for a detector that is gone to come back.
_DETECTOR_PAUSE_SECONDS: Final = 1.0


class Subscriber(Calls):
    """The part of a scheduler that finds its master; `Scheduler` is to be subclassed instead."""

    def __init__(
        self,
        framework: FrameworkInfo,
        detector: Pid | str,
        *,
        suppressed_roles: tuple[str, ...] = (),
        constraints: OfferConstraints | None = None,
    ) -> None:
        self.framework = framework
        self.suppressed_roles = suppressed_roles
        self.constraints = constraints
        #: The master, where it was named, and a detector is to be spawned for it.
        self._named = parse_master(detector) if isinstance(detector, str) else None
        self._detector = detector if isinstance(detector, Pid) else None
        self._subscription = Subscription()
        #: The next try to subscribe.
        self._next_try: Timer | None = None
        self._heartbeats: Timer | None = None
        #: Told to end the framework.
        self._ending = False
        #: The master has said that there is no subscription (any more).
        self._over = False

    # --- what becomes of it ---

    def begun(self, message: scheduling.Subscribed, *, is_new: bool) -> None:
        """Subscribed, for the first time of a framework that had no id before (`is_new`) or again."""

    def disconnected(self) -> None:
        """The subscription is lost, and being made again; offers are not valid any more."""

    def error(self, message: str) -> None:
        """The master ended the subscription for good; ends this actor unless overridden."""
        self.terminate()

    def torn_down(self) -> None:
        """The framework is no more, by `teardown`; ends this actor unless overridden."""
        self.terminate()

    # --- calls that concern it ---

    def call(self, message: Message) -> None:
        """Send a message to the master, if subscribed."""
        master = self._subscription.master
        if master is None:
            self.log.debug("call dropped: not subscribed", call=type(message).__name__)
        else:
            self.send(master, message)

    def hears(self, sender: Pid) -> bool:
        """Whether what that actor says counts: only what the master says that we are subscribed with."""
        return sender == self._subscription.master

    def update_framework(
        self,
        framework: FrameworkInfo,
        suppressed_roles: tuple[str, ...] = (),
        constraints: OfferConstraints | None = None,
    ) -> None:
        """Describe the framework anew, now and in all subscriptions to come; its id stays."""
        self.framework = replace(framework, id=self.framework.id)
        self.suppressed_roles, self.constraints = suppressed_roles, constraints
        self.call(
            scheduling.UpdateFrameworkInfo(self.framework_id, self.framework, suppressed_roles, constraints)
        )

    def teardown(self) -> None:
        """End the framework and all that it runs; `torn_down` follows.

        Nothing answers a teardown, so it is repeated until the master refuses to subscribe the framework.
        """
        self._ending = True
        if not self.framework_id:
            self._over = True
            self.torn_down()
            return
        self.call(scheduling.Teardown(self.framework_id))
        self._unsubscribe()
        self._subscribe()

    # --- subscribing ---

    def initialize(self) -> None:
        """Look for the master."""
        if self._named is not None:
            self._detector = self._spawn_detector(self._named)
        self._watch()

    def exited(self, pid: Pid) -> None:
        """The master or the detector is gone."""
        if pid == self._detector:
            self.delay(_DETECTOR_PAUSE_SECONDS, self._watch)
        elif self._subscription.master is not None and pid in (
            self._subscription.leader,
            self._subscription.master,
        ):
            self._lose("the connection with the master broke")
            self._try_later()

    def _spawn_detector(self, master: Pid) -> Pid:
        name = f"{self.pid.name}-detector"
        try:
            return self.spawn(lambda: StandaloneDetector(master), name, restart=Restart())
        except ValueError:  # the one of this actor's predecessor, which crashed
            return Pid(name, *self.pid.address)

    def _watch(self) -> None:
        assert self._detector is not None
        self.link(self._detector)
        self.send(self._detector, WatchLeader())

    @handles(LeaderDetected)
    def _leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        former = self._subscription.leader
        if self._over or not self._subscription.lead(message.master, message.epoch):
            return
        self._lose("another master leads")
        if former is not None:
            self.unlink(former)
        self._subscribe()

    def _subscribe(self) -> None:
        leader = self._subscription.leader
        if leader is None or self._over:
            return
        # Linked first: should the connection break at any moment after, we are told.
        self.link(leader)
        self.send(leader, scheduling.Subscribe(self.framework, self.suppressed_roles, self.constraints))
        self._try_later()

    def _try_later(self) -> None:
        if self._next_try is not None:
            self._next_try.cancel()
        self._next_try = self.delay(self._subscription.pause_seconds(self.system.rng), self._subscribe)

    @handles(scheduling.Subscribed)
    def _subscribed(self, sender: Pid, message: scheduling.Subscribed) -> None:
        if self._over or not self._subscription.is_leader(sender) or self._subscription.master == sender:
            return
        if self.framework_id not in ("", message.framework_id):
            self.log.warning("subscribed under another id", framework_id=message.framework_id)
            return
        self._lose("the master is another incarnation")
        if self._ending:
            self.send(sender, scheduling.Teardown(self.framework_id))
        else:
            self._begin(sender, message)

    def _begin(self, master: Pid, message: scheduling.Subscribed) -> None:
        if self._next_try is not None:
            self._next_try.cancel()
        self._subscription.begin(master)
        self.link(master)
        self._heartbeats = self.every(message.heartbeat_interval_seconds, self._miss_heartbeat)
        is_new = self.framework.id is None
        self.framework = replace(self.framework, id=FrameworkID(value=message.framework_id))
        self.log.info("subscribed", framework_id=message.framework_id, master=str(master))
        self.begun(message, is_new=is_new)

    def _lose(self, reason: str) -> None:
        """Not be subscribed any more, and say so."""
        if self._unsubscribe() and not self._ending:
            self.log.info("disconnected", framework_id=self.framework_id, reason=reason)
            self.disconnected()

    def _unsubscribe(self) -> bool:
        master = self._subscription.end()
        if self._heartbeats is not None:
            self._heartbeats.cancel()
        if master is not None:
            self.unlink(master)
        return master is not None

    @handles(scheduling.Heartbeat)
    def _heartbeat(self, sender: Pid, message: scheduling.Heartbeat) -> None:
        if sender == self._subscription.master:
            self._subscription.heard()

    def _miss_heartbeat(self) -> None:
        if self._subscription.missed():
            self._lose("the master's heart does not beat")
            self._subscribe()

    @handles(scheduling.SchedulerError)
    def _refused(self, sender: Pid, message: scheduling.SchedulerError) -> None:
        master = self._subscription.master
        if self._over or not (sender == master if master else self._subscription.is_leader(sender)):
            return
        self._over = True
        self._unsubscribe()
        if self._next_try is not None:
            self._next_try.cancel()
        if self._ending:
            self.log.info("framework torn down", framework_id=self.framework_id)
            self.torn_down()
        else:
            self.log.error("subscription refused", framework_id=self.framework_id, reason=message.message)
            self.error(message.message)
