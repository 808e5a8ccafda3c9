"""An operator and the master: what HTTP's operator calls become (mesos-protocol.md §4.1).

Each request is answered by OperatorAnswer, or by the message it names.
"""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message
from transport.records.agent import DrainConfig
from transport.records.machine import MachineID
from transport.records.maintenance import ClusterStatus, Schedule
from transport.records.offer import Offer
from transport.records.quota import QuotaConfig, QuotaRequest


class OperatorAnswer(Message):
    """Done and durable, or refused: `status` is as in HTTP, `message` tells why."""

    request_id: int
    status: int = 200
    message: str = ""


class DrainAgentRequest(Message):
    """DRAIN_AGENT: kill an agent's tasks gracefully, and offer it no more."""

    request_id: int
    agent_id: str
    config: DrainConfig


class DeactivateAgentRequest(Message):
    """DEACTIVATE_AGENT: offer an agent no more."""

    request_id: int
    agent_id: str


class ReactivateAgentRequest(Message):
    """REACTIVATE_AGENT: end draining and deactivation."""

    request_id: int
    agent_id: str


class MarkAgentGoneRequest(Message):
    """MARK_AGENT_GONE: an agent never comes back."""

    request_id: int
    agent_id: str


class TeardownRequest(Message):
    """TEARDOWN: end a framework."""

    request_id: int
    framework_id: str


class UpdateMaintenanceRequest(Message):
    """UPDATE_MAINTENANCE_SCHEDULE."""

    request_id: int
    schedule: Schedule


class StartMaintenanceRequest(Message):
    """START_MAINTENANCE: machines that are scheduled go down."""

    request_id: int
    machines: tuple[MachineID, ...]


class StopMaintenanceRequest(Message):
    """STOP_MAINTENANCE: machines are back."""

    request_id: int
    machines: tuple[MachineID, ...]


class ReadMaintenance(Message):
    """GET_MAINTENANCE_SCHEDULE and GET_MAINTENANCE_STATUS; answered by MaintenanceRead."""

    request_id: int


class MaintenanceRead(Message):
    """The schedule, and how far machines and frameworks are."""

    request_id: int
    schedule: Schedule
    status: ClusterStatus


class UpdateQuotasRequest(Message):
    """UPDATE_QUOTA."""

    request_id: int
    configs: tuple[QuotaConfig, ...]
    force: bool = False


class SetQuotaRequest(Message):
    """SET_QUOTA, the older way: a guarantee for a role that has no quota, and as much is its limit."""

    request_id: int
    request: QuotaRequest


class RemoveQuotaRequest(Message):
    """REMOVE_QUOTA."""

    request_id: int
    role: str


class ReadQuotas(Message):
    """GET_QUOTA; answered by QuotasRead."""

    request_id: int


class QuotasRead(Message):
    """The quotas that are durable, of all roles that have one."""

    request_id: int
    configs: tuple[QuotaConfig, ...]


class UpdateWeightsRequest(Message):
    """UPDATE_WEIGHTS."""

    request_id: int
    weights: Mapping[str, float]


class ReadWeights(Message):
    """GET_WEIGHTS; answered by WeightsRead."""

    request_id: int


class WeightsRead(Message):
    """The weights that are durable, of all roles that were given one."""

    request_id: int
    weights: Mapping[str, float]


class OperateOnAgent(Message):
    """RESERVE_RESOURCES, UNRESERVE_RESOURCES, CREATE_VOLUMES, … on resources that nobody is allocated."""

    request_id: int
    agent_id: str
    operation: Offer.Operation
    principal: str | None = None
