"""The registry: what of a cluster outlives every master (mesos-protocol.md §11.1).

Names are those of Mesos' stored form, where an agent is still a slave.
"""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number
from transport.records.agent import AgentInfo, DrainInfo
from transport.records.ids import AgentID
from transport.records.machine import MachineInfo
from transport.records.maintenance import Schedule
from transport.records.master import MasterInfo
from transport.records.quota import QuotaConfig
from transport.records.role import WeightInfo
from transport.records.time_info import TimeInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.internal"


class Registry(Record):
    """Everything that a new leading master must know."""

    class Master(Record):
        """The latest leader."""

        info: Annotated[MasterInfo, number(1)]

    class Slave(Record):
        """An admitted agent."""

        info: Annotated[AgentInfo, number(1)]
        drain_info: Annotated[DrainInfo | None, number(2)] = None
        deactivated: Annotated[bool | None, number(3, False)] = None

    class Slaves(Record):
        """All admitted agents."""

        slaves: Annotated[tuple[Registry.Slave, ...], number(1)] = ()

    class UnreachableSlave(Record):
        """An agent out of reach."""

        id: Annotated[AgentID, number(1)]
        timestamp: Annotated[TimeInfo, number(2)]
        drain_info: Annotated[DrainInfo | None, number(3)] = None
        deactivated: Annotated[bool | None, number(4, False)] = None

    class UnreachableSlaves(Record):
        """All agents out of reach, the longest absent first."""

        slaves: Annotated[tuple[Registry.UnreachableSlave, ...], number(1)] = ()

    class GoneSlave(Record):
        """An agent that never comes back."""

        id: Annotated[AgentID, number(1)]
        timestamp: Annotated[TimeInfo, number(2)]

    class GoneSlaves(Record):
        """All agents that never come back, the longest gone first."""

        slaves: Annotated[tuple[Registry.GoneSlave, ...], number(1)] = ()

    class Machine(Record):
        """A machine and its maintenance."""

        info: Annotated[MachineInfo, number(1)]

    class Machines(Record):
        """All machines in the maintenance schedule."""

        machines: Annotated[tuple[Registry.Machine, ...], number(1)] = ()

    class Weight(Record):
        """A role's weight."""

        info: Annotated[WeightInfo, number(1)]

    class MinimumCapability(Record):
        """What a master must be able to do to read this registry."""

        capability: Annotated[str, number(1)]

    master: Annotated[Master | None, number(1)] = None
    slaves: Annotated[Slaves | None, number(2)] = None
    machines: Annotated[Machines | None, number(3)] = None
    schedules: Annotated[tuple[Schedule, ...], number(4)] = ()
    weights: Annotated[tuple[Weight, ...], number(6)] = ()
    unreachable: Annotated[UnreachableSlaves | None, number(7)] = None
    gone: Annotated[GoneSlaves | None, number(8)] = None
    minimum_capabilities: Annotated[tuple[MinimumCapability, ...], number(10)] = ()
    quota_configs: Annotated[tuple[QuotaConfig, ...], number(11)] = ()
