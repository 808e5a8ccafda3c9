"""The recovery as an actor: "log-recovery" brings this node's replica to vote, and tells how that goes."""

from __future__ import annotations

from typing import Final

import msgspec

from actors.log.attendance import Attendance
from actors.log.catchup import CatchUp
from actors.log.concern import Concern, Word
from actors.log.diagnosis import diagnose, find
from actors.log.gauges import LogMetrics
from actors.log.identity import make_identity
from actors.log.recovery import Become, Recovery
from actors.process import Process, handles
from actors.system import Timer
from transport.messages.replication import (
    ChangeStatus,
    LearnedResponse,
    LogStatus,
    MembersChanged,
    ReadLogStatus,
    RecoverRequest,
    RecoverResponse,
    Status,
    Vouch,
    WatchMembers,
)
from transport.pid import Pid

#: What it is called on every node.
RECOVERY: Final = "log-recovery"

#: Between questions to all members: when all is well; while the replica does not vote, or something has just
#: changed; while both is so, as in a cold start.
ASK_SECONDS: Final = 2.0
_ANXIOUS_SECONDS: Final = 0.5
_QUICK_SECONDS: Final = 0.05
#: For how long something has just changed.
_RECENT_SECONDS: Final = 5.0
#: An answer that is older counts for nothing.
_STALE_SECONDS: Final = 5.0
#: Who has said nothing for longer has left a question unanswered.
_SILENCE_SECONDS: Final = 3.0
#: A member that was asked for values and sent none so long after is not waited for.
_LATE_SECONDS: Final = 2.0
#: For how long a replica that votes, when it is started, waits for more members than it must hear.
_PATIENT_SECONDS: Final = 0.3


class LogRecovery(Process):
    """Runs a Recovery for the replica of its node, without end.

    `group` is the address of the log's group in ZooKeeper, without credentials, "" where there is none.
    """

    def __init__(
        self,
        quorum: int,
        replica: Pid,
        members: Pid,
        *,
        auto_initialize: bool = True,
        group: str = "",
        metrics: LogMetrics | None = None,
    ) -> None:
        self.metrics = metrics or LogMetrics()
        self._recovery = Recovery(quorum, auto_initialize=auto_initialize)
        self._attendance = Attendance(replica)
        self._replica, self._watched, self._group = self._attendance.own, members, group
        #: What the others knew to be chosen when they were asked before last.
        self._goal, self._next_goal = 0, 0
        self._timer: Timer | None = None
        self._told = False
        #: What this node's replica was last told to become, and how it fared then.
        self._ordered: tuple[RecoverResponse, Become] | None = None
        self._concern = Concern()

    def initialize(self) -> None:
        """Hear who the members are, and ask this node's replica how it fares."""
        self._catch_up = CatchUp(self.system.rng)
        self._began = self._changed_at = self.system.now()
        self.metrics.recovered.read = lambda: float(self._recovery.settled)
        self.metrics.ensemble_size.read = lambda: len(self._attendance.members)
        self.send(self._watched, WatchMembers())
        self._round()

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        self._recovery.check_invariants()

    # --- questions ---

    def _round(self) -> None:
        """Ask everybody how they fare."""
        now = self.system.now()
        self._recovery.forget(self._attendance.silent(now, _STALE_SECONDS))
        self._ordered = None
        self._goal = self._next_goal
        self._next_goal = max((answer.learned for answer in self._recovery.others.values()), default=0)
        self._ask(self._replica)
        for member in self._attendance.others if self._recovery.mine else ():
            self._ask(member)
        self._decide()
        self._copy()
        self._report()
        self._ask_again(self._pause(now))

    def _pause(self, now: float) -> float:
        recent = now - self._changed_at < _RECENT_SECONDS
        if self._recovery.settled:
            return _ANXIOUS_SECONDS if recent else ASK_SECONDS
        return _QUICK_SECONDS if recent else _ANXIOUS_SECONDS

    def _ask(self, member: Pid) -> None:
        mine = self._recovery.mine
        self.send(
            member,
            RecoverRequest(
                replica=mine.replica if mine else "",
                member=str(self.pid.address),
                status=mine.status if mine else Status.EMPTY,
                end=mine.end if mine else 0,
                quorum=self._recovery.quorum,
            ),
        )

    def _ask_again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.delay(seconds, self._round)

    def _hurry(self) -> None:
        """Something has changed: ask at once, and often for a while."""
        self._changed_at = self.system.now()
        self._ask_again(0.0)

    # --- answers ---

    @handles(MembersChanged)
    def change_members(self, _sender: Pid, message: MembersChanged) -> None:
        """Members came or went."""
        before = self._attendance.members
        self._attendance.change(message)
        sure = not self._group or message.registered is not None
        self._recovery.change_members(message.members, message.registered, sure=sure)
        members = self._attendance.members
        if members != before:
            self.log.info("log members", members=[str(member.address) for member in members])
        self._hurry()

    @handles(RecoverResponse)
    def hear(self, sender: Pid, message: RecoverResponse) -> None:
        """A replica tells how it fares."""
        member = sender.whoever()
        if member == self._replica:
            self._hear_own(message)
        elif member in self._attendance.members:
            now = self.system.now()
            if self._attendance.hear(member, message, now, silence_seconds=_SILENCE_SECONDS):
                self._changed_at = now
            self._recovery.hear(sender, message)
        self._decide()

    def _hear_own(self, message: RecoverResponse) -> None:
        before = self._recovery.mine
        self._recovery.hear_own(message)
        if before is None or (before.status, before.replica) != (message.status, message.replica):
            self._hurry()
        elif message.learned > before.learned:
            self._copy()

    def _decide(self) -> None:
        mine = self._recovery.mine
        if mine is None:
            return
        patient = self.system.now() - self._began < _PATIENT_SECONDS
        decision = self._recovery.decide(patient=patient)
        if isinstance(decision, Become):
            if (mine, decision) == self._ordered:
                return
            self._ordered = mine, decision
            if mine.status is Status.VOTING:
                self.log.error("log set back: others remember later positions", end=mine.end)
            above, identity = decision.above, ""
            if above is not None:
                identity = make_identity(self.system.rng, above)
            self.send(self._replica, ChangeStatus(mine.status, decision.status, decision.promised, identity))
        elif decision is not None:
            self.send(self._replica, Vouch(decision.promised))
        if self._recovery.settled and not self._told:
            self.log.info("log replica votes", seconds=round(self.system.now() - self._began, 3))
        self._told = self._recovery.settled

    # --- what this node's replica misses ---

    def _copy(self) -> None:
        """Ask for chosen values that others know of, while it recovers or long after they were chosen."""
        mine, target = self._recovery.mine, self._recovery.target
        if mine is None or mine.status not in (Status.RECOVERING, Status.VOTING):
            return
        question = self._catch_up.ask(mine, self._recovery.others, max(self._goal, target or 0))
        if question is not None:
            member, request = question
            self.send(member, request)
            self.delay(_LATE_SECONDS, self._catch_up.late, member)

    @handles(LearnedResponse)
    def copied(self, sender: Pid, message: LearnedResponse) -> None:
        """Here are some; what they are good for, this node's replica tells."""
        if self._catch_up.answered(sender):
            self.send(self._replica, message)

    # --- how it goes ---

    @handles(ReadLogStatus)
    def tell(self, sender: Pid, _message: ReadLogStatus) -> None:
        """Tell how the log fares."""
        status = self._status()
        self.send(sender, msgspec.structs.replace(status, diagnosis=diagnose(status)))

    def _status(self) -> LogStatus:
        mine = self._recovery.mine
        return LogStatus(
            replica=self._replica,
            status=mine.status if mine else Status.EMPTY,
            quorum=self._recovery.quorum,
            auto_initialize=self._recovery.auto_initialize,
            members=self._attendance.statuses(mine, self.system.now(), self._trouble),
            begin=mine.begin if mine else 1,
            end=mine.end if mine else 0,
            recovering_seconds=0.0 if self._recovery.settled else self.system.now() - self._began,
            group=self._group,
            connected=self._attendance.registered is not None if self._group else None,
        )

    def _trouble(self, member: Pid) -> str:
        return self.system.trouble(member.address)

    def _report(self) -> None:
        """Say what is wrong: when that changes, and while the replica does not vote from time to time."""
        status = self._status()
        finding = find(status)
        cause = None if finding is None else finding.cause
        word = self._concern.consider(cause, self.system.now(), urgent=not self._recovery.settled)
        if word is Word.WARN:
            self.log.warning("log does not fare well", diagnosis=diagnose(status))
        elif word is Word.ALL_WELL:
            self.log.info("log fares well again")
