"""The observer: pings every agent, so that the master need not, and tells it who keeps silent.

It is an actor of its own because a master that is busy must not take its own delay for the agents' silence.
"""

from __future__ import annotations

from typing import Final

from actors.master.flags import MasterFlags
from actors.process import Process, handles
from transport.messages.membership import PingAgent, PongAgent
from transport.messages.observing import (
    AgentHeard,
    AgentSilent,
    ForgetAgent,
    ObserveAgent,
    ObserverAccepted,
    ObserverStarted,
)
from transport.pid import Pid

#: A round of pings is spread over so many parts, lest all agents answer at once.
_PARTS: Final = 15
_RETRY_SECONDS: Final = 1.0


class PingHealth:
    """How an agent answers its pings."""

    __slots__ = ("_limit", "_misses", "_waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._misses = 0
        self._waiting = False

    @property
    def silent(self) -> bool:
        """Whether the latest `limit` pings were left unanswered."""
        return self._misses >= self._limit

    def ping(self) -> None:
        """The next ping is due: one that still waits for its answer was missed."""
        self._misses += self._waiting
        self._waiting = True

    def pong(self) -> None:
        """An answer came."""
        self._misses = 0
        self._waiting = False


class _Patient:
    __slots__ = ("agent_id", "connected", "health", "part", "pid")

    def __init__(self, agent_id: str, pid: Pid, limit: int, part: int) -> None:
        self.agent_id = agent_id
        self.pid = pid
        self.connected = True
        self.health = PingHealth(limit)
        #: With whom it is pinged.
        self.part = part


class AgentObserver(Process):
    """Pings the agents of `master`; what it finds it tells and does not judge."""

    def __init__(self, flags: MasterFlags, master: Pid) -> None:
        self._master = master
        self._interval_seconds = flags.agent_ping_timeout.seconds
        self._limit = flags.max_agent_ping_timeouts
        self._accepted = False
        self._by_id: dict[str, _Patient] = {}
        self._by_pid: dict[Pid, _Patient] = {}
        #: Who is pinged together.
        self._parts: list[dict[str, _Patient]] = [{} for _ in range(_PARTS)]
        self._next_part = 0
        #: The part that is pinged next.
        self._turn = 0

    def initialize(self) -> None:
        """Begin the rounds."""
        self._ask()
        self.every(self._interval_seconds / _PARTS, self._ping_part)

    def check_invariants(self) -> None:
        """Raise AssertionError when an agent is pinged twice, or not at all."""
        pinged = [agent_id for part in self._parts for agent_id in part]
        assert sorted(pinged) == sorted(self._by_id)
        assert all(self._by_id[one.agent_id] is one for one in self._by_pid.values())

    def _ask(self) -> None:
        if not self._accepted:
            self.send(self._master, ObserverStarted())
            self.delay(_RETRY_SECONDS, self._ask)

    @handles(ObserverAccepted)
    def accepted(self, sender: Pid, message: ObserverAccepted) -> None:
        """The master tells its agents next."""
        self._accepted = True
        for agent_id in tuple(self._by_id):
            self._drop(agent_id)

    @handles(ObserveAgent)
    def observe(self, sender: Pid, message: ObserveAgent) -> None:
        """Ping an agent from its next turn on; one that has just connected has shown that it lives."""
        # A restarted agent answers too, though it is not registered again yet.
        pid = message.pid.whoever()
        patient = self._by_id.get(message.agent_id)
        if patient is None:
            patient = _Patient(message.agent_id, pid, self._limit, self._next_part)
            self._next_part = (self._next_part + 1) % _PARTS
            self._by_id[patient.agent_id] = self._parts[patient.part][patient.agent_id] = patient
        self._forget_pid(patient)
        self._by_pid[pid] = patient
        patient.pid, patient.connected = pid, message.connected
        if message.connected:
            patient.health.pong()

    @handles(ForgetAgent)
    def forget(self, sender: Pid, message: ForgetAgent) -> None:
        """An agent is none any more."""
        self._drop(message.agent_id)

    @handles(PongAgent)
    def pong(self, sender: Pid, message: PongAgent) -> None:
        """An agent lives."""
        patient = self._by_pid.get(sender.whoever())
        if patient is None:
            return
        if patient.health.silent:
            self.send(self._master, AgentHeard(patient.agent_id))
        patient.health.pong()

    def _ping_part(self) -> None:
        part = self._parts[self._turn]
        self._turn = (self._turn + 1) % _PARTS
        for patient in part.values():
            patient.health.ping()
            self.send(patient.pid, PingAgent(patient.connected))
            if patient.health.silent:
                self.send(self._master, AgentSilent(patient.agent_id))

    def _drop(self, agent_id: str) -> None:
        patient = self._by_id.pop(agent_id, None)
        if patient is not None:
            del self._parts[patient.part][agent_id]
            self._forget_pid(patient)

    def _forget_pid(self, patient: _Patient) -> None:
        if self._by_pid.get(patient.pid) is patient:
            del self._by_pid[patient.pid]
