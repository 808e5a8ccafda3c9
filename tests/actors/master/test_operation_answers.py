"""What frameworks are told of operations when they ask."""

from __future__ import annotations

import pytest

from actors.master.operation_answers import operation_answers
from tests.actors.master.market import AGENT, Market, named, reserve
from tests.transport.records.samples import dynamic, scalar
from transport.messages.launching import OperationApplied
from transport.messages.scheduling import OperationReference
from transport.records.agent import AgentInfo
from transport.records.ids import UUID, AgentID, OperationID, ResourceProviderID
from transport.records.operation import OperationState, OperationStatus
from transport.records.time_info import TimeInfo

State = OperationState
SINCE = TimeInfo(nanoseconds=1)
CPU = scalar("cpus", 1, (dynamic("a"),))


def asked(agent_id: str | None = None, provider: str | None = None) -> OperationReference:
    return OperationReference(operation_id="x", agent_id=agent_id, resource_provider_id=provider)


def market_with_agents_everywhere() -> Market:
    market = Market()
    market.framework(role="a")
    market.capable_agent()
    market.cluster.recovered["expected"] = AgentInfo(hostname="host9")
    market.cluster.unreachable["unreachable"] = SINCE
    market.cluster.gone["gone"] = SINCE
    return market


@pytest.mark.parametrize(
    ("agent_id", "state"),
    [
        ("expected", State.OPERATION_RECOVERING),
        (AGENT, State.OPERATION_UNKNOWN),
        ("unreachable", State.OPERATION_UNREACHABLE),
        ("gone", State.OPERATION_GONE_BY_OPERATOR),
        ("never heard of", State.OPERATION_UNKNOWN),
        (None, State.OPERATION_RECOVERING),
    ],
)
def test_of_an_unknown_operation_its_agent_decides(agent_id: str | None, state: State) -> None:
    """As in Mesos' UnknownOperation{Recovered,Known,Unreachable,Unknown}Agent and …AgentMarkedGone."""
    market = market_with_agents_everywhere()
    (framework,) = market.cluster.frameworks.values()
    (status,) = operation_answers(market.cluster, framework, (asked(agent_id),))
    assert status.state is state
    assert status.operation_id == OperationID(value="x")
    assert status.agent_id == (None if agent_id is None else AgentID(value=agent_id))
    assert status.uuid is None
    assert status.message is not None


def test_once_all_agents_are_back_an_operation_without_agent_is_unknown() -> None:
    market = market_with_agents_everywhere()
    market.cluster.recovered.clear()
    (framework,) = market.cluster.frameworks.values()
    (status,) = operation_answers(market.cluster, framework, (asked(),))
    assert status.state is State.OPERATION_UNKNOWN


def test_the_resource_provider_that_was_named_is_named_again() -> None:
    market = market_with_agents_everywhere()
    (framework,) = market.cluster.frameworks.values()
    (status,) = operation_answers(market.cluster, framework, (asked(AGENT, "p"),))
    assert status.resource_provider_id == ResourceProviderID(value="p")


def test_pending_and_finished_operations() -> None:
    """As in Mesos' PendingOperation and PendingAndFinishedOperations, asked for by name or all at once."""
    market = Market()
    framework, agent, offer = market.stall("cpus:4", role="a")
    market.accept(framework, offer, named(reserve(CPU), "o"), named(reserve(CPU), "p"), reserve(CPU))
    first = next(iter(agent.operations))
    done = OperationStatus(state=State.OPERATION_FINISHED, uuid=UUID(value=b"1" * 16))
    market.operations.update(agent, OperationApplied(AGENT, first, done, framework.id))
    states = [State.OPERATION_FINISHED, State.OPERATION_PENDING]
    everything = operation_answers(market.cluster, framework, ())
    assert [one.state for one in everything] == states
    references = [OperationReference(operation_id=name) for name in ("o", "p")]
    answers = operation_answers(market.cluster, framework, references)
    assert answers == everything
    assert [one.operation_id for one in answers] == [OperationID(value="o"), OperationID(value="p")]
    assert {one.uuid for one in answers} == {None}
    assert {one.agent_id for one in answers} == {AgentID(value=AGENT)}


def test_a_framework_without_operations_is_told_nothing() -> None:
    market = market_with_agents_everywhere()
    (framework,) = market.cluster.frameworks.values()
    assert operation_answers(market.cluster, framework, ()) == ()
