"""Watches the masters of a rig from outside: who leads by the detectors, and who answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.process import Process, handles
from tests.chaos.history import History
from tests.chaos.operator import Operator
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.node import NodeMetricsRead, ReadMetrics
from transport.messages.operating import MaintenanceRead, ReadMaintenance
from transport.messages.replication import LogStatus, ReadLogStatus, Status
from transport.pid import Pid

_PROBE_SECONDS = 0.05
_WATCH_SECONDS = 0.5
_METRICS_SECONDS = 0.1


class Answer(NamedTuple):
    """A master answered: it has its registry, and serves."""

    at: float
    master: Pid
    #: When it was asked.
    asked: float


class Observer(Process):
    """Asks every node of a master, again and again.

    What it knows is read by another thread, so each fact is one attribute that is replaced, never changed.
    """

    def __init__(self, hosts: Sequence[tuple[str, int]], history: History, operator: Operator) -> None:
        """`hosts` are where the masters' actors listen."""
        self._nodes = tuple(hosts)
        self._history = history
        self._operator = operator
        self._probes: dict[int, float] = {}
        self._number = 0
        #: What each master's detector told last, by its host.
        self.told: dict[str, LeaderDetected] = {}
        #: The latest answer of each life of a master that answered at all, in the order of the first ones.
        self.answers: dict[Pid, tuple[Answer, Answer]] = {}
        #: Agents that the master on each host believes to be there, and when that was heard.
        self.agents: dict[str, tuple[float, int]] = {}
        #: How each master's replica of the log fares, and when that was heard.
        self.replicas: dict[str, tuple[float, Status]] = {}

    def initialize(self) -> None:
        self.every(_PROBE_SECONDS, self._probe)
        self.every(_METRICS_SECONDS, self._measure)
        for host, port in self._nodes:
            self._watch(Pid("detector", host, port))

    # --- who leads ---

    def _watch(self, detector: Pid) -> None:
        self.link(detector)
        self.send(detector, WatchLeader())

    def exited(self, pid: Pid) -> None:
        self.told = {host: told for host, told in self.told.items() if host != pid.host}
        self.delay(_WATCH_SECONDS, self._watch, pid.whoever())

    @handles(LeaderDetected)
    def detected(self, sender: Pid, message: LeaderDetected) -> None:
        self._history.note(
            "detected",
            by=sender.host,
            leader=None if message.master is None else message.master.host,
            epoch=message.epoch,
        )
        self.told = {**self.told, sender.host: message}
        newest = max(self.told.values(), key=lambda told: told.epoch)
        self._operator.lead(newest.master)

    # --- who serves ---

    def _probe(self) -> None:
        now = self.system.now()
        self._number += 1
        self._probes[self._number] = now
        self._probes.pop(self._number - 1000, None)
        for host, port in self._nodes:
            self.send(Pid("master", host, port), ReadMaintenance(self._number))

    @handles(MaintenanceRead)
    def answered(self, sender: Pid, message: MaintenanceRead) -> None:
        asked = self._probes.get(message.request_id)
        if asked is None:
            return
        answer = Answer(self.system.now(), sender, asked)
        if sender not in self.answers:
            self._history.note("serves", master=sender.host)
            self.answers = {**self.answers, sender: (answer, answer)}
        else:
            self.answers = {**self.answers, sender: (self.answers[sender][0], answer)}

    def _measure(self) -> None:
        for host, port in self._nodes:
            self.send(Pid("node", host, port), ReadMetrics())
            self.send(Pid("log-recovery", host, port), ReadLogStatus())

    @handles(NodeMetricsRead)
    def measured(self, sender: Pid, message: NodeMetricsRead) -> None:
        there = int(message.values.get("master/slaves_active", 0.0))
        self.agents = {**self.agents, sender.host: (self.system.now(), there)}

    @handles(LogStatus)
    def fares(self, sender: Pid, message: LogStatus) -> None:
        self.replicas = {**self.replicas, sender.host: (self.system.now(), message.status)}
