"""Reads along what every master's replica knows to be chosen, and notes who wrote what where."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from actors.log import entry
from actors.master.registrar import archive
from actors.process import Process, handles
from tests.chaos.history import History, Value
from tests.chaos.operator import scheduled
from transport.messages.replication import Action, Kind, LearnedRequest, LearnedResponse
from transport.pid import Pid
from transport.records.registry import Registry

#: The name of the actor that is a node's replica.
REPLICA = "log-replica(1)"
_READ_SECONDS = 0.1


class LogReader(Process):
    """The log is truncated behind each entry, so it must be read while it is written."""

    def __init__(self, hosts: Sequence[tuple[str, int]], history: History) -> None:
        self._replicas = [Pid(REPLICA, host, port) for host, port in hosts]
        self._history = history
        #: The first position not noted yet, by the replica's host.
        self._next = {replica.host: 1 for replica in self._replicas}
        #: The latest registry that was seen, and its position.
        self.latest: tuple[int, Registry] = (0, Registry())

    def initialize(self) -> None:
        self.every(_READ_SECONDS, self._read)

    def _read(self) -> None:
        for replica in self._replicas:
            self.send(replica, LearnedRequest(self._next[replica.host]))

    @handles(LearnedResponse)
    def learned(self, sender: Pid, message: LearnedResponse) -> None:
        for action in message.actions:
            if action.position >= self._next[sender.host]:
                self._next[sender.host] = action.position + 1
                self._note(sender.host, action)

    def _note(self, host: str, action: Action) -> None:
        values: dict[str, Value] = {}
        if action.kind is Kind.APPEND:
            _, variable = entry.decode(action.content)
            stored = archive.read(variable.value)
            values = {"epoch": stored.epoch, "schedule": _scheduled(stored.registry)}
            if action.position > self.latest[0]:
                self.latest = (action.position, stored.registry)
        digest = f"{zlib.crc32(msgspec.msgpack.encode(action)):08x}"
        self._history.note(
            "entry", host=host, position=action.position, content=action.kind.value, digest=digest, **values
        )


def _scheduled(registry: Registry) -> int:
    return scheduled(registry.schedules[0]) if registry.schedules else 0
