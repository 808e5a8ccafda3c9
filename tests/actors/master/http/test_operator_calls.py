"""Calls of the v1 operator API that write, by their handlers, to a simulated cluster."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from actors.master.master import Master
from frameworks.scheduler import Scheduler
from tests.actors.master.county import quota
from tests.actors.master.http.office import Office, office, settled
from tests.actors.master.http.wishes import (
    Type,
    create,
    deactivate,
    destroy,
    drain,
    grow,
    mark_gone,
    plan,
    reactivate,
    remove_quota,
    reserve,
    set_quota,
    shrink,
    start,
    stop,
    tear_down,
    unreserve,
    update_quota,
    weigh,
)
from tests.actors.master.town import framework_info
from tests.transport.records.samples import dynamic, scalar, static, volume
from transport.http.media_type import Encoding
from transport.pid import Pid
from transport.records.duration import Duration
from transport.records.ids import AgentID
from transport.records.master_call import Call
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability

NOBODY = AgentID(value="nobody")
CPU = scalar("cpus", 1, (dynamic("a"),))
DISK = scalar("disk", 100, (dynamic("a"),))
MORE = scalar("disk", 50, (dynamic("a"),))
VOLUME = volume("v", 100)
IN_ROLE_A = Resource.AllocationInfo(role="a")


class Holder(Scheduler):
    """Keeps every offer."""

    def __init__(self, detector: Pid) -> None:
        super().__init__(framework_info(None, roles=("a",)), detector)
        self.offers: dict[str, Offer] = {}

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self.offers.update((offer.id.value, offer) for offer in offers)

    def rescinded(self, offer_id: str) -> None:
        self.offers.pop(offer_id, None)


# --- each call, in both forms ---


def day_of_an_operator(encoding: Encoding) -> list[object]:
    """Each call once at least, and what came of it."""
    at = office(encoding)
    told: list[object] = []

    def do(*calls: Call) -> None:
        told.extend(at.call(call) for call in calls)
        told.append(settled(at))

    def see(*kinds: Call.Type) -> None:
        told.extend(at.read(kind) for kind in kinds)

    holder = at.cluster.start(Holder)
    at.sim.run_until(lambda: holder.process("scheduler", Holder).offers)
    agent_id = at.agent_id
    do(weigh(("a", 2.5), ("*", 1.0)), update_quota(quota("a", guarantees={"cpus": 1}, limits={"mem": 512})))
    do(set_quota("b", scalar("cpus", 1)))
    see(Type.GET_WEIGHTS, Type.GET_QUOTA)
    do(remove_quota("b"), update_quota(quota("a")), weigh(("a", 1.0)))
    see(Type.GET_WEIGHTS, Type.GET_QUOTA)
    do(reserve(agent_id, CPU, DISK, MORE))
    do(create(agent_id, VOLUME))
    do(grow(agent_id, VOLUME, MORE))
    do(shrink(agent_id, volume("v", 150), 50))
    do(destroy(agent_id, VOLUME), unreserve(agent_id, MORE))
    do(reserve(agent_id, scalar("cpus", 1, (dynamic("b"),)), source=(CPU,)))
    do(deactivate(agent_id), reactivate(agent_id), drain(agent_id, Duration(seconds=5)))
    do(reactivate(agent_id), plan("agent1"))
    see(Type.GET_MAINTENANCE_SCHEDULE, Type.GET_MAINTENANCE_STATUS)
    (framework_id,) = at.cluster.master.cluster.frameworks
    told += [at.call(call) for call in (start("agent1"), tear_down(framework_id), mark_gone(agent_id))]
    see(Type.GET_MAINTENANCE_STATUS)
    told.append(at.call(stop("agent1")))
    see(Type.GET_MAINTENANCE_SCHEDULE, Type.GET_MAINTENANCE_STATUS)
    return told


def test_each_call_is_answered_alike_in_both_forms() -> None:
    day = day_of_an_operator(Encoding.JSON)
    assert day == day_of_an_operator(Encoding.PROTOBUF)
    statuses = [one[0] for one in day if isinstance(one, tuple)]
    assert statuses == [*[200] * 6, *[202] * 7, *[200] * 7, 404, 200]


@pytest.fixture(scope="module")
def empty() -> Office:
    """An office that nobody has asked for anything."""
    return office()


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("GET_QUOTA", b'{"type":"GET_QUOTA","get_quota":{"status":{}}}'),
        ("GET_WEIGHTS", b'{"type":"GET_WEIGHTS"}'),
        (
            "GET_MAINTENANCE_SCHEDULE",
            b'{"type":"GET_MAINTENANCE_SCHEDULE","get_maintenance_schedule":{"schedule":{}}}',
        ),
        (
            "GET_MAINTENANCE_STATUS",
            b'{"type":"GET_MAINTENANCE_STATUS","get_maintenance_status":{"status":{}}}',
        ),
    ],
)
def test_where_there_is_nothing_it_is_shown_as_mesos_does(empty: Office, kind: str, shown: bytes) -> None:
    assert empty.put(b'{"type":"%s"}' % kind.encode()).body == shown


# --- what is refused ---


@pytest.fixture(scope="module")
def desk() -> Office:
    """An office whose requests are all refused, so that they change nothing."""
    at = office(roles="a,b,dev,ops")
    assert at.call(reserve(at.agent_id, CPU, DISK, MORE)) == (202, "")
    settled(at)
    assert at.call(create(at.agent_id, VOLUME)) == (202, "")
    assert at.call(update_quota(quota("dev", guarantees={"cpus": 1}))) == (200, "")
    assert at.call(plan("elsewhere", "down")) == (200, "")
    assert at.call(start("down")) == (200, "")
    settled(at)
    return at


Wish = Callable[[AgentID], Call]


@pytest.mark.parametrize(
    ("wish", "status", "reason"),
    [
        (lambda _: drain(NOBODY), 400, "agent 'nobody': there is no such agent"),
        (lambda _: drain(AgentID(value="")), 400, "agent '': there is no such agent"),
        (lambda one: drain(one, Duration(seconds=-1)), 400, "max_grace_period: must not be negative"),
        (lambda one: drain(one, Duration(seconds=10**10)), 400, "max_grace_period: must be less than"),
        (lambda one: drain(one, Duration(seconds=1, nanos=-1)), 400, "the sign of seconds"),
        (lambda one: drain(one, Duration(nanos=10**9)), 400, "less than a second"),
        (lambda _: deactivate(NOBODY), 400, "there is no such agent"),
        (lambda _: reactivate(NOBODY), 400, "there is no such agent"),
        (reactivate, 400, "is not deactivated"),
        (lambda _: mark_gone(NOBODY), 404, "there is no such agent"),
        (lambda _: tear_down("nobody"), 400, "there is no such framework"),
        (lambda _: tear_down(""), 400, "there is no such framework"),
    ],
)
def test_what_cannot_be_done_to_agents_and_frameworks_is_refused(
    desk: Office, wish: Wish, status: int, reason: str
) -> None:
    refused(desk, wish, status, reason)


@pytest.mark.parametrize(
    ("wish", "status", "reason"),
    [
        (lambda _: reserve(NOBODY, CPU), 400, "agent 'nobody': is not registered"),
        (reserve, 400, "RESERVE: must name resources"),
        (lambda one: reserve(one, scalar("cpus", 1)), 400, "cpus must end in a dynamic reservation"),
        (lambda one: reserve(one, scalar("cpus", 1, (static("a"),))), 400, "must end in a dynamic"),
        (lambda one: reserve(one, scalar("cpus", -1, (dynamic("a"),))), 400, "must not be negative"),
        (lambda one: reserve(one, scalar("cpus", math.inf, (dynamic("a"),))), 400, "must be finite"),
        (lambda one: reserve(one, scalar("cpus", 1, (dynamic("-a"),))), 400, "begin with a dash"),
        (lambda one: reserve(one, scalar("cpus", 1, (dynamic("*"),))), 400, "role '*' cannot be reserved"),
        (lambda one: reserve(one, scalar("cpus", 1e300, (dynamic("a"),))), 400, "must not be more than"),
        (lambda one: reserve(one, scalar("cpus", 9e15, (dynamic("a"),))), 409, "not available"),
        (lambda one: reserve(one, scalar("cpus", 4, (dynamic("a"),))), 409, "not available"),
        (lambda one: reserve(one, scalar("gold", 1, (dynamic("a"),))), 409, "not available"),
        (lambda one: reserve(one, CPU, source=(scalar("cpus", 2),)), 400, "in their reservations alone"),
        (lambda one: reserve(one, CPU, MORE, source=(scalar("cpus", 1), MORE)), 400, "the same reservations"),
        (
            lambda one: reserve(one, CPU, source=(scalar("cpus", 1, (static("b"),)),)),
            400,
            "by the agent's flags must stay so",
        ),
        (
            lambda one: reserve(one, replace(CPU, allocation_info=IN_ROLE_A)),
            400,
            "must be allocated to nobody",
        ),
        (unreserve, 400, "UNRESERVE: must name resources"),
        (lambda one: unreserve(one, scalar("cpus", 1)), 400, "must end in a dynamic reservation"),
        (lambda one: unreserve(one, scalar("cpus", 1, (dynamic("b"),))), 409, "not available"),
        (lambda one: unreserve(one, VOLUME), 400, "has a persistent volume on it"),
        (create, 400, "CREATE: must name resources"),
        (lambda one: create(one, DISK), 400, "must be a persistent volume"),
        (lambda one: create(one, VOLUME), 400, "the persistence id 'v' is in use"),
        (lambda one: create(one, volume("w", 1), volume("w", 2)), 400, "the persistence id 'w' is in use"),
        (lambda one: create(one, volume("w", 5000)), 409, "not available"),
        (lambda one: create(one, volume("../w", 1)), 400, "must have no control characters, slashes"),
        (lambda one: create(one, volume("w", 1, "/etc")), 400, "must be a single relative component"),
        (destroy, 400, "DESTROY: must name resources"),
        (lambda one: destroy(one, volume("w", 1)), 400, "is not on agent"),
        (lambda _: grow(None, VOLUME, MORE), 400, "grow_volume.agent_id: must be given"),
        (lambda one: grow(one, VOLUME, CPU), 400, "addition must be of the same disk"),
        (lambda one: grow(one, VOLUME, scalar("disk", 0, (dynamic("a"),))), 400, "must not be 0"),
        (lambda _: shrink(None, VOLUME, 1), 400, "shrink_volume.agent_id: must be given"),
        (lambda one: shrink(one, VOLUME, 100), 400, "subtract must be more than 0 and less than"),
        (lambda one: shrink(one, VOLUME, -1), 400, "subtract must be more than 0"),
        (lambda one: shrink(one, VOLUME, math.inf), 400, "must be finite"),
    ],
)
def test_what_cannot_be_done_to_resources_is_refused(
    desk: Office, wish: Wish, status: int, reason: str
) -> None:
    refused(desk, wish, status, reason)


BEFORE = Unavailability(start=TimeInfo(nanoseconds=-1))
BACKWARDS = Unavailability(start=TimeInfo(nanoseconds=1), duration=DurationInfo(nanoseconds=-1))


@pytest.mark.parametrize(
    ("wish", "status", "reason"),
    [
        (lambda _: plan(), 400, "down: is down and cannot be removed from the schedule"),
        (lambda _: plan("down", "x", "X"), 400, "must not be given more than once"),
        (lambda _: plan("down", ""), 400, "must have a hostname or an ip"),
        (lambda _: plan("down", unavailability=BACKWARDS), 400, "duration must not be negative"),
        (lambda _: plan("down", unavailability=BEFORE), 400, "start must not be negative"),
        (lambda _: start(), 400, "machines: must not be empty"),
        (lambda _: start("nowhere"), 400, "nowhere: is not part of a maintenance schedule"),
        (lambda _: start("elsewhere", "down"), 400, "down: is not in mode DRAINING"),
        (lambda _: start("elsewhere", "elsewhere"), 400, "must not be given more than once"),
        (lambda _: stop(), 400, "machines: must not be empty"),
        (lambda _: stop("elsewhere"), 400, "is not in mode DOWN"),
        (lambda _: update_quota(quota("c")), 400, "is not among the master's --roles"),
        (lambda _: update_quota(quota("a"), quota("a")), 400, "must not be given more than once"),
        (lambda _: update_quota(quota("a", guarantees={"cpus": 4})), 400, "above what the cluster has, 4"),
        (lambda _: update_quota(quota("a", limits={"cpus": 0.5})), 400, "is below what it uses, 1"),
        (lambda _: update_quota(quota("a", limits={"cpus": -1}), force=True), 400, "must not be negative"),
        (lambda _: update_quota(quota("a", limits={"cpus": 1e18}), force=True), 400, "must not be more than"),
        (lambda _: set_quota(None, scalar("cpus", 1)), 400, "role: must be given"),
        (lambda _: set_quota("a"), 400, "guarantee: must not be empty"),
        (lambda _: set_quota("dev", scalar("cpus", 1)), 400, "has a quota already"),
        (lambda _: set_quota("a", scalar("cpus", 4)), 409, "above what the cluster has"),
        (lambda _: remove_quota("unknown"), 400, "role 'unknown': has no quota"),
        (lambda _: remove_quota(""), 400, "role '': has no quota"),
        (lambda _: weigh((None, 1.0)), 400, "role '': must not be empty"),
        (lambda _: weigh(("a", 0.0)), 400, "weight must be more than 0"),
        (lambda _: weigh(("a", -1.0)), 400, "weight must be more than 0"),
        (lambda _: weigh(("a", math.inf)), 400, "weight must be more than 0"),
        (lambda _: weigh(("a", 1.0), ("b", 1.0), ("a", 2.0)), 400, "weight_infos[2].role: 'a'"),
        (lambda _: weigh(("c", 1.0)), 400, "is not among the master's --roles"),
    ],
)
def test_what_cannot_be_planned_or_promised_is_refused(
    desk: Office, wish: Wish, status: int, reason: str
) -> None:
    refused(desk, wish, status, reason)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (lambda _: drain(AgentID(value="x" * 256)), "agent_id: must not be longer than 255"),
        (lambda _: tear_down("x" * 10**6), "framework_id: must not be longer than 255"),
        (lambda _: remove_quota("x" * 10**6), "has no quota"),
        (lambda _: weigh(("x" * 1025, 1.0)), "role 'xxxxxxxxxxxxxxxxxxxx'...: must not be longer than 1024"),
        (lambda _: plan("down", "x" * 300), "must not be longer than"),
        (
            lambda _: plan("down", *map(str, range(10**11, 10**11 + 50_000))),
            "schedule: all together must not",
        ),
        (lambda one: reserve(one, scalar("x" * 300, 1, (dynamic("a"),))), "name must not be longer than 255"),
        (lambda one: reserve(one, scalar("cpus", 1, (dynamic("a", "x" * 5000),))), "more than 4096 bytes"),
        (
            lambda one: reserve(one, *(scalar("cpus", 0.001, (dynamic("a", str(n)),)) for n in range(1000))),
            "would have more than 1000 reservations and volumes",
        ),
    ],
)
def test_what_is_endless_is_refused_before_anybody_has_to_be_told(
    desk: Office, wish: Wish, reason: str
) -> None:
    """What is kept is sent whole in one message, by agents and to the log's replicas."""
    refused(desk, wish, 400, reason)
    assert len(desk.call(wish(desk.agent_id))[1]) < 5_000


@pytest.mark.parametrize("number", [math.nan, -math.nan, math.inf, -math.inf, 2.0**63, 1e308])
@pytest.mark.parametrize(
    "wish",
    [
        lambda one, number: reserve(one, scalar("cpus", number, (dynamic("a"),))),
        lambda one, number: reserve(one, CPU, source=(scalar("cpus", number),)),
        lambda one, number: create(one, volume("w", number)),
        lambda one, number: grow(one, VOLUME, scalar("disk", number, (dynamic("a"),))),
        lambda one, number: grow(one, volume("v", number), MORE),
        lambda one, number: shrink(one, VOLUME, number),
        lambda _, number: update_quota(quota("a", guarantees={"cpus": number}), force=True),
        lambda _, number: update_quota(quota("a", limits={"cpus": number}), force=True),
        lambda _, number: set_quota("a", scalar("cpus", number), force=True),
    ],
)
def test_numbers_that_cannot_be_counted_are_refused_in_protobuf_too(
    desk: Office, wish: Callable[[AgentID, float], Call], number: float
) -> None:
    """JSON has no NaN."""
    reason = "NaN" if math.isnan(number) else "must"
    refused(desk, lambda agent_id: wish(agent_id, number), 400, reason, Encoding.PROTOBUF)


def refused(desk: Office, wish: Wish, status: int, reason: str, encoding: Encoding = Encoding.JSON) -> None:
    """It is, and nothing is different afterwards."""
    before = books(desk.cluster.master)
    found, text = desk.call(wish(desk.agent_id), encoding)
    assert (found, reason in text) == (status, True), text
    assert books(desk.cluster.master) == before


def books(master: Master) -> tuple[object, ...]:
    """What operators may change."""
    (agent,) = master.cluster.agents.values()
    machines = master.agents.members.machines
    return (
        dict(master.quotas.quotas),
        dict(master.quotas.weights),
        agent.total,
        agent.deactivated,
        agent.drain,
        machines.schedule,
        tuple(machines),
        tuple(master.cluster.gone),
    )
