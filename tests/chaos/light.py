"""Light agents: many in one process, which register as agents do, answer pings, and run nothing.

python -m tests.chaos.light MASTER IP PORT SESSION_SECONDS NAME COUNT
"""

from __future__ import annotations

import sys
from functools import partial

from msgspec.structs import replace

from actors.brief_log import BriefLog
from actors.election.address import parse_leader, spawn_detector
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.membership import (
    AgentRegistered,
    AgentReregistered,
    PingAgent,
    PongAgent,
    RegisterAgent,
    ReregisterAgent,
)
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.resources import Resources

_VERSION = "1"
_RESOURCES = tuple(Resources.parse("cpus:4;mem:4096;disk:10000;ports:[31000-32000]"))
_KINDS = AgentInfo.Capability.Type
_CAPABILITIES = tuple(
    AgentInfo.Capability(type=kind)
    for kind in (_KINDS.MULTI_ROLE, _KINDS.HIERARCHICAL_ROLE, _KINDS.RESERVATION_REFINEMENT)
)
#: As with --registration_backoff_factor of real agents.
_PAUSE_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


class LightAgent(Process):
    """Keeps itself registered with whoever leads, at the pace of a real one."""

    def __init__(self, detector: Pid, hostname: str) -> None:
        self._detector = detector
        self._info = AgentInfo(hostname=hostname, port=5051, resources=_RESOURCES)
        self._leader: Pid | None = None
        self._epoch = 0
        #: The life of the master that answered.
        self._master: Pid | None = None
        self._turn = 0

    def initialize(self) -> None:
        self.send(self._detector, WatchLeader())

    @handles(LeaderDetected)
    def detected(self, sender: Pid, message: LeaderDetected) -> None:
        if (message.master, message.epoch) != (self._leader, self._epoch):
            self._leader, self._epoch = message.master, message.epoch
            self._begin()

    def exited(self, pid: Pid) -> None:
        if pid == self._master:
            self._begin()

    def _begin(self) -> None:
        if self._master is not None:
            self.unlink(self._master)
            self._master = None
        self._turn += 1
        self.delay(self.system.rng.uniform(0.0, _PAUSE_SECONDS), self._try, self._turn, 2 * _PAUSE_SECONDS)

    def _try(self, turn: int, longest: float) -> None:
        if turn != self._turn or self._leader is None or self._master is not None:
            return
        kind = RegisterAgent if self._info.id is None else ReregisterAgent
        self.send(self._leader, kind(self._info, _VERSION, _RESOURCES, _CAPABILITIES))
        self.delay(self.system.rng.uniform(0.0, longest), self._try, turn, min(2 * longest, _LONGEST_SECONDS))

    @handles(AgentRegistered)
    def registered(self, sender: Pid, message: AgentRegistered) -> None:
        self._info = replace(self._info, id=AgentID(value=message.agent_id))
        self._obey(sender)

    @handles(AgentReregistered)
    def reregistered(self, sender: Pid, message: AgentReregistered) -> None:
        self._obey(sender)

    def _obey(self, master: Pid) -> None:
        if self._leader is not None and master.whoever() == self._leader.whoever():
            self._master = master
            self.link(master)

    @handles(PingAgent)
    def pong(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())
        if not message.connected and self._master is not None:
            self._begin()


def main(master: str, ip: str, port: str, session_seconds: str, name: str, count: str) -> int:
    system = PykkaSystem(
        bind=Address(ip, int(port)),
        logger=lambda pid: BriefLog(pid.name, "warning"),
        network_log=BriefLog("network", "warning").info,
    )
    system.start()
    detector = spawn_detector(system, parse_leader(master), float(session_seconds))
    for number in range(int(count)):
        system.spawn(partial(LightAgent, detector, f"{name}-{number}"), f"agent-{number}", vital=True)
    return int(system.wait() is not None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
