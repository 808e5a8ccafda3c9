"""How a scheduler subscribes with the leading master, and stays so whatever becomes of either."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from actors.election.address import LeaderSource, parse_leader, spawn_detector
from actors.election.asking import DETECTOR
from actors.election.session import ZOOKEEPER
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
    """The part of a scheduler that finds its master; `Scheduler` is to be subclassed instead.

    What is private here and in `Scheduler` has two underscores, so that a subclass may use any name.
    """

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
        self.held = {}
        #: Where the leader is found, if a detector is to be spawned for that.
        self.__source = parse_leader(detector) if isinstance(detector, str) else None
        self.__detector = detector if isinstance(detector, Pid) else None
        self.__subscription = Subscription()
        #: The next try to subscribe.
        self.__next_try: Timer | None = None
        self.__heartbeats: Timer | None = None
        #: Told to end the framework.
        self.__ending = False
        #: The master has said that there is no subscription (any more).
        self.__over = False

    @property
    def detector(self) -> Pid:
        """Who knows the leading master, once this actor has begun."""
        assert self.__detector is not None
        return self.__detector

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
        master = self.__subscription.master
        if master is None:
            self.log.debug("call dropped: not subscribed", call=type(message).__name__)
        else:
            self.send(master, message)

    @property
    def is_subscribed(self) -> bool:
        """Whether calls reach the master, as far as is known."""
        return self.__subscription.master is not None

    def hears(self, sender: Pid) -> bool:
        """Whether what that actor says counts: only what the master says that we are subscribed with."""
        return sender == self.__subscription.master and not self.__doubts()

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
        self.__ending = True
        if not self.framework_id:
            self.__over = True
            self.torn_down()
            return
        self.call(scheduling.Teardown(self.framework_id))
        self.__unsubscribe()
        self.__subscribe()

    # --- subscribing ---

    def initialize(self) -> None:
        """Look for the master."""
        if self.__source is not None:
            self.__detector = self.__spawn_detector(self.__source)
        self.__watch()

    def finalize(self) -> None:
        """End the detector that was made for this actor alone."""
        if self.__source is not None:
            for name in (DETECTOR, ZOOKEEPER):
                self.terminate(self.__own(name))

    def exited(self, pid: Pid) -> None:
        """The master or the detector is gone."""
        if pid == self.__detector:
            self.delay(_DETECTOR_PAUSE_SECONDS, self.__watch)
        elif self.__subscription.master is not None and pid in (
            self.__subscription.leader,
            self.__subscription.master,
        ):
            self.__lose("the connection with the master broke")
            self.__try_later()

    def __spawn_detector(self, source: LeaderSource) -> Pid:
        prefix = f"{self.pid.name}-"
        try:
            return spawn_detector(self.system, source, prefix=prefix, restart=Restart(), vital=False)
        except ValueError:  # the one of this actor's predecessor, which crashed
            return self.__own(DETECTOR)

    def __own(self, name: str) -> Pid:
        return Pid(f"{self.pid.name}-{name}", *self.pid.address)

    def __watch(self) -> None:
        self.link(self.detector)
        self.send(self.detector, WatchLeader())

    def __doubts(self) -> bool:
        """Hear nobody, if there may be a newer leader, until the detector has looked."""
        former = self.__subscription.leader
        if not self.__subscription.doubts(self.system.epoch):
            return False
        self.__lose("there may be a newer leader")
        if former is not None:
            self.unlink(former)
        self.send(self.detector, WatchLeader(doubted=True))
        return True

    @handles(LeaderDetected)
    def __leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        former = self.__subscription.leader
        if sender.whoever() != self.detector.whoever() or self.__over:
            return
        if not self.__subscription.lead(message.master, message.epoch):
            return
        self.__lose("another master leads")
        if former is not None:
            self.unlink(former)
        self.__subscribe()

    def __subscribe(self) -> None:
        leader = self.__subscription.leader
        if leader is None or self.__over or self.__doubts():
            return
        # Linked first: should the connection break at any moment after, we are told.
        self.link(leader)
        self.send(leader, scheduling.Subscribe(self.framework, self.suppressed_roles, self.constraints))
        self.__try_later()

    def __try_later(self) -> None:
        if self.__next_try is not None:
            self.__next_try.cancel()
        self.__next_try = self.delay(self.__subscription.pause_seconds(self.system.rng), self.__subscribe)

    @handles(scheduling.Subscribed)
    def __subscribed(self, sender: Pid, message: scheduling.Subscribed) -> None:
        if self.__over or not self.__subscription.is_leader(sender) or self.__subscription.master == sender:
            return
        if self.__doubts():
            return
        if self.framework_id not in ("", message.framework_id):
            self.log.warning("subscribed under another id", framework_id=message.framework_id)
            return
        self.__lose("the master is another incarnation")
        if self.__ending:
            self.send(sender, scheduling.Teardown(self.framework_id))
        else:
            self.__begin(sender, message)

    def __begin(self, master: Pid, message: scheduling.Subscribed) -> None:
        if self.__next_try is not None:
            self.__next_try.cancel()
        self.__subscription.begin(master)
        self.held.clear()
        self.link(master)
        self.__heartbeats = self.every(message.heartbeat_interval_seconds, self.__miss_heartbeat)
        is_new = self.framework.id is None
        self.framework = replace(self.framework, id=FrameworkID(value=message.framework_id))
        self.log.info("subscribed", framework_id=message.framework_id, master=str(master))
        self.begun(message, is_new=is_new)

    def __lose(self, reason: str) -> None:
        """Not be subscribed any more, and say so."""
        if self.__unsubscribe() and not self.__ending:
            self.log.info("disconnected", framework_id=self.framework_id, reason=reason)
            self.disconnected()

    def __unsubscribe(self) -> bool:
        master = self.__subscription.end()
        if self.__heartbeats is not None:
            self.__heartbeats.cancel()
        if master is not None:
            self.unlink(master)
        return master is not None

    @handles(scheduling.Heartbeat)
    def __heartbeat(self, sender: Pid, message: scheduling.Heartbeat) -> None:
        if self.hears(sender):
            self.__subscription.heard()

    def __miss_heartbeat(self) -> None:
        if self.__subscription.missed():
            self.__lose("the master's heart does not beat")
            self.__subscribe()

    @handles(scheduling.SchedulerError)
    def __refused(self, sender: Pid, message: scheduling.SchedulerError) -> None:
        master = self.__subscription.master
        if self.__over or not (sender == master if master else self.__subscription.is_leader(sender)):
            return
        self.__over = True
        self.__unsubscribe()
        if self.__next_try is not None:
            self.__next_try.cancel()
        if self.__ending:
            self.log.info("framework torn down", framework_id=self.framework_id)
            self.torn_down()
        else:
            self.log.error("subscription refused", framework_id=self.framework_id, reason=message.message)
            self.error(message.message)
