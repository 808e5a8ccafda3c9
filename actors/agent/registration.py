"""The agent and its master: finding it, registering, noticing that it is gone (mesos-features.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from actors import MESOS_VERSION
from actors.agent.books import Books
from actors.agent.registrant import registration
from actors.agent.world import World
from actors.election.doubt import Doubt
from actors.system import Timer
from transport.messages.checkpointing import Archived, HoldUpdates, SaveAgent, SendUpdates
from transport.messages.detection import LeaderDetected
from transport.messages.membership import PingAgent, PongAgent
from transport.pid import Pid
from transport.records.ids import AgentID

#: The longest pause between two tries to register.
_LONGEST_SECONDS: Final = 60.0


class Look(Protocol):
    """Has the detector tell who leads; if what it told is `doubted`, after looking anew."""

    def __call__(self, *, doubted: bool) -> None: ...  # noqa: D102


class Registration:
    """Keeps the agent registered with whoever leads; obeys nobody else."""

    def __init__(self, world: World, books: Books, gone: Callable[[str], None], look: Look) -> None:
        """`gone` ends the agent for a reason that nothing can be done about."""
        self._world = world
        self._books = books
        self._gone = gone
        self._look = look
        self._doubt = Doubt()
        self._leader: Pid | None = None
        self._epoch = 0
        #: The master with which the agent is registered, in the life that answered.
        self.master: Pid | None = None
        self._turn = 0
        self._silence: Timer | None = None
        self._ping_timeout_seconds = 0.0
        self._closed = False

    # --- who leads ---

    def detected(self, message: LeaderDetected) -> None:
        """Somebody else leads now, or nobody; the detector knows, even of an older epoch."""
        if message.master is not None:
            self._doubt.settle(message.epoch)
        known = message.master == self._leader and message.epoch == self._epoch
        if self._closed or known:
            return
        self._epoch = message.epoch
        self._disconnect(f"the leader is {message.master}")
        self._leader = message.master
        if self._leader is not None:
            self._begin()

    def obeys(self, sender: Pid) -> bool:
        """Whether orders from there are followed."""
        return sender == self.master and not self._doubts()

    def _doubts(self) -> bool:
        """Obey nobody, if there may be a newer leader, until the detector has looked (I24)."""
        newest = self._world.epoch
        if not self._doubt.arises(self._epoch, newest):
            return False
        self._disconnect(f"there may be a newer leader: its epoch is {newest}, not {self._epoch}")
        self._leader = None
        self._turn += 1
        self._look(doubted=True)
        return True

    def close(self) -> None:
        """The agent leaves: register no more, though the master is still told how that goes."""
        self._closed = True
        self._turn += 1

    # --- registering ---

    def _begin(self) -> None:
        """Register after a pause at random, and again with longer ones until that is answered."""
        self._turn += 1
        longest = self._world.flags.registration_backoff_factor.seconds
        self._world.delay(self._world.rng.uniform(0, longest), self._try, self._turn, longest * 2)

    def _try(self, turn: int, longest: float) -> None:
        if turn != self._turn or self._leader is None or self._doubts():
            return
        self._world.log.info("registering", master=str(self._leader), agent_id=self._id)
        self._world.send(self._leader, registration(self._books, MESOS_VERSION))
        longest = min(longest, _LONGEST_SECONDS)
        self._world.delay(self._world.rng.uniform(0, longest), self._try, turn, longest * 2)

    @property
    def _id(self) -> str | None:
        return None if self._books.info.id is None else self._books.info.id.value

    def admitted(self, sender: Pid, agent_id: str, ping_timeout_seconds: float) -> bool:
        """The master has taken the agent in under this id; whether that changes anything."""
        if self._closed or not self.leads(sender) or sender == self.master:
            return False
        if self._id is None:
            self._books.info = replace(self._books.info, id=AgentID(value=agent_id))
            self._save()
        elif self._id != agent_id:
            self._gone(f"the master calls this agent {agent_id}, but it is {self._id}")
            return False
        self._turn += 1
        self.master = sender
        self._world.link(sender)
        self._ping_timeout_seconds = ping_timeout_seconds
        self._listen()
        self._world.log.info("registered", agent_id=agent_id, master=str(sender))
        self._world.send(self._world.updates, SendUpdates(sender))
        return True

    def _save(self) -> None:
        # Whatever is launched from now on is archived after this.
        self._world.archive((SaveAgent(self._books.info),), _nothing)

    def leads(self, sender: Pid) -> bool:
        """Whether that is the leading master, registered with or not.

        One that is named by hand, which has epoch 0, may call its host by another name than the agent does.
        """
        leader = self._leader
        if leader is None or self._doubts():
            return False
        return leader in (sender, sender.whoever()) or (self._epoch == 0 and leader.name == sender.name)

    # --- being alive ---

    def ping(self, sender: Pid, message: PingAgent) -> None:
        """Whoever watches over agents asks; it tells, too, if the master has given this one up."""
        known = self.master or self._leader
        if known is None or sender.address != known.address:
            return
        self._world.send(sender, PongAgent())
        if self.master is None:
            return
        if message.connected:
            self._listen()
        else:
            self._again("the master does not think that the agent is registered")

    def _listen(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._world.delay(
            self._ping_timeout_seconds, self._again, f"no ping for {self._ping_timeout_seconds:g} s"
        )

    def lost(self, pid: Pid) -> bool:
        """A linked actor is gone; whether it was the master."""
        if pid != self.master:
            return False
        self._again("the connection with the master broke")
        return True

    def _again(self, reason: str) -> None:
        self._disconnect(reason)
        if self._leader is not None and not self._closed:
            self._begin()

    def _disconnect(self, reason: str) -> None:
        if self.master is None:
            return
        self._world.log.warning("disconnected from the master", master=str(self.master), reason=reason)
        self._world.unlink(self.master)
        self.master = None
        if self._silence is not None:
            self._silence.cancel()
        self._world.send(self._world.updates, HoldUpdates())


def _nothing(_archived: Archived) -> None:
    pass
