"""The master and its registrar: what of the cluster must survive every master (mesos-protocol.md §11.1).

Both live on one node. The registrar performs operations in order, several in one write, and answers when
they are durable. A store that fails ends the master.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from transport.message import DomesticMessage
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule
from transport.records.master import MasterInfo
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.time_info import TimeInfo


class RegistryOperation(DomesticMessage):
    """One change of the registry; told within ApplyToRegistry, on one node."""


class AdmitAgent(RegistryOperation):
    """A new agent; an error when the id is there already."""

    info: AgentInfo


class ReplaceAgentInfo(RegistryOperation):
    """An admitted agent describes itself anew; an error unless it is admitted."""

    info: AgentInfo


class MarkAgentUnreachable(RegistryOperation):
    """An admitted agent is out of reach; an error unless it is admitted."""

    info: AgentInfo
    since: TimeInfo


class MarkAgentReachable(RegistryOperation):
    """An agent is back; changes nothing when it is admitted, and admits one that nobody remembers."""

    info: AgentInfo


class PruneAgents(RegistryOperation):
    """Forget agents that are unreachable or gone."""

    unreachable: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class RemoveAdmittedAgent(RegistryOperation):
    """An agent left; an error unless it is admitted."""

    agent_id: str


class MarkAgentGone(RegistryOperation):
    """An admitted or unreachable agent never comes back; an error when it is gone already, or unknown."""

    agent_id: str
    since: TimeInfo


class DrainAdmittedAgent(RegistryOperation):
    """An admitted or unreachable agent is to be drained; it is deactivated too."""

    agent_id: str
    config: DrainConfig


class MarkAgentDrained(RegistryOperation):
    """A draining agent is empty."""

    agent_id: str


class DeactivateAdmittedAgent(RegistryOperation):
    """An agent is not offered until it is reactivated."""

    agent_id: str


class ReactivateAdmittedAgent(RegistryOperation):
    """An agent is offered again; draining is over."""

    agent_id: str


class UpdateQuotas(RegistryOperation):
    """Replace the quotas of these roles."""

    configs: tuple[QuotaConfig, ...]


class UpdateWeights(RegistryOperation):
    """Replace the weights of these roles."""

    weights: Mapping[str, float]


class UpdateMaintenance(RegistryOperation):
    """Replace the maintenance schedule."""

    schedule: Schedule


class StartMaintenance(RegistryOperation):
    """Scheduled machines go down."""

    machines: tuple[MachineID, ...]


class StopMaintenance(RegistryOperation):
    """Machines are up again, and out of the schedule."""

    machines: tuple[MachineID, ...]


class RememberFramework(RegistryOperation):
    """A framework subscribed, or gives itself another time to come back."""

    framework_id: str
    failover_timeout_seconds: float


class MarkFrameworkRemoved(RegistryOperation):
    """A framework is over, and never comes back."""

    framework_id: str


class KnownFramework(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A framework that is not over, and how long it has to come back when its scheduler is gone."""

    framework_id: str
    failover_timeout_seconds: float = 0.0


class RecoverRegistry(DomesticMessage):
    """A new leader takes over: write its name into the registry; answered by RegistryRecovered."""

    master: MasterInfo
    #: Of its reign.
    epoch: int = 0


class RegistryRecovered(DomesticMessage):
    """The registry as the leaders before left it, and what Pion keeps beside it."""

    registry: Registry
    #: Of the reign that wrote it last.
    epoch: int = 0
    frameworks: tuple[KnownFramework, ...] = ()
    #: Ids of frameworks that are over, the latest last; older ones are forgotten.
    removed_frameworks: tuple[str, ...] = ()


class ApplyToRegistry(DomesticMessage):
    """Change the registry; answered by RegistryApplied once that is durable."""

    request_id: int
    operation: RegistryOperation


class RegistryApplied(DomesticMessage):
    """The operation is durable (`mutated`: it changed something), or was refused for `error`."""

    request_id: int
    mutated: bool = False
    error: str | None = None


class ReadRegistry(DomesticMessage):
    """What is durable now? Answered by RegistryRecovered."""


# --- the registrar and its store ---


class FetchState(DomesticMessage):
    """Read a variable; answered by StateFetched."""

    request_id: int
    name: str


class StateFetched(DomesticMessage):
    """The newest value and its version; both empty when there is none."""

    request_id: int
    version: bytes = b""
    value: bytes = b""


class StoreState(DomesticMessage):
    """Replace a variable if its version is still this one; answered by StateStored."""

    request_id: int
    name: str
    version: bytes
    value: bytes


class StateStored(DomesticMessage):
    """The new version; empty when another one had come between, and nothing was written."""

    request_id: int
    version: bytes = b""
