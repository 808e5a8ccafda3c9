"""An operator at work with a real cluster over HTTP, in both forms, and by the older endpoints."""

from __future__ import annotations

import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.actors.gateway.browser import Answer
from tests.actors.master.county import quota
from tests.actors.master.http import wishes
from tests.actors.master.http.office import as_json
from tests.integration.clients.daemons import Local
from tests.integration.clients.speech import ask, call
from tests.integration.masters import wait_until
from tests.transport.records.samples import dynamic, scalar, volume
from transport.http.media_type import Encoding
from transport.records.duration import Duration
from transport.records.ids import AgentID
from transport.records.master_call import Call
from transport.records.master_response import Response as Told
from transport.records.resource import Resource

CPU = scalar("cpus", 1, (dynamic("a", "ops"),))
DISK = scalar("disk", 100, (dynamic("a"),))
VOLUME = volume("v", 100)


class Operator:
    """Asks the master in one form."""

    def __init__(self, cluster: Local, encoding: Encoding) -> None:
        self.cluster = cluster
        self.encoding = encoding

    def put(self, wish: Call) -> Answer:
        kind = self.encoding.value
        body = self.encoding.encode(wish)
        return call(self.cluster.master, body, content_type=kind, accept=kind)

    def do(self, *asked: Call, status: int = 200) -> None:
        for wish in asked:
            answer = self.put(wish)
            assert (answer.status, answer.body) == (status, b""), wish

    def read(self, kind: Call.Type) -> Told:
        answer = self.put(Call(type=kind))
        assert answer.status == 200, answer
        return self.encoding.decode(answer.body, Told)

    @property
    def agent_id(self) -> AgentID:
        told = self.read(Call.Type.GET_AGENTS).get_agents
        assert told is not None
        (agent,) = told.agents
        assert agent.agent_info.id is not None
        return agent.agent_info.id

    def wait_for(self, resource: Resource, *, there: bool = True) -> None:
        """Until the agent's resources are so."""

        def found() -> bool:
            told = self.read(Call.Type.GET_AGENTS).get_agents
            assert told is not None
            (agent,) = told.agents
            known = {(one.name, one.disk, one.reservations) for one in agent.total_resources}
            return ((resource.name, resource.disk, resource.reservations) in known) is there

        wait_until(found, lambda: f"{resource.name} is {'there' if there else 'gone'}")


def test_an_operator_works_with_a_real_cluster(tmp_path: Path) -> None:
    with Local(tmp_path) as cluster:
        for encoding in Encoding:
            find_all_calls(Operator(cluster, encoding))
            work(Operator(cluster, encoding))
        use_the_older_endpoints(Operator(cluster, Encoding.JSON))
        ask_for_many_quotas(cluster)
        survive(Operator(cluster, Encoding.PROTOBUF))


def find_all_calls(operator: Operator) -> None:
    """Each is answered, if only by what it lacks; SUBSCRIBE would be without end."""
    for kind in Call.Type:
        if kind not in (Call.Type.UNKNOWN, Call.Type.SUBSCRIBE):
            reads = kind.value.startswith("GET_") and kind is not Call.Type.GET_METRICS
            assert operator.put(Call(type=kind)).status == (200 if reads else 400), kind
    assert operator.put(Call(type=Call.Type.UNKNOWN)).status == 501


def work(operator: Operator) -> None:
    agent_id = operator.agent_id
    operator.do(wishes.reserve(agent_id, CPU, DISK), status=202)
    operator.wait_for(CPU)
    operator.do(wishes.create(agent_id, VOLUME), status=202)
    operator.wait_for(VOLUME)
    operator.do(wishes.destroy(agent_id, VOLUME), status=202)
    operator.wait_for(VOLUME, there=False)
    operator.do(wishes.unreserve(agent_id, CPU, DISK), status=202)
    operator.wait_for(CPU, there=False)
    operator.do(wishes.update_quota(quota("a", limits={"cpus": 2})), wishes.weigh(("a", 2.5)))
    told = operator.read(Call.Type.GET_QUOTA).get_quota
    assert told is not None
    assert told.status.configs == (quota("a", limits={"cpus": 2}),)
    operator.do(wishes.remove_quota("a"), wishes.weigh(("a", 1.0)), wishes.plan("elsewhere"))
    operator.do(wishes.start("elsewhere"), wishes.stop("elsewhere"))
    operator.do(wishes.drain(agent_id, Duration(seconds=600)))
    wait_until(
        lambda: operator.put(wishes.reactivate(agent_id)).status == 200, lambda: "the agent is drained"
    )
    operator.do(wishes.deactivate(agent_id), wishes.reactivate(agent_id))
    for wish, status, reason in (
        (wishes.mark_gone(AgentID(value="nobody")), 404, b"agent 'nobody': there is no such agent"),
        (wishes.remove_quota("a"), 400, b"role 'a': has no quota"),
        (wishes.tear_down("nobody"), 400, b"there is no such framework"),
        (wishes.reserve(agent_id, scalar("cpus", 99, (dynamic("a"),))), 409, b"is not available"),
    ):
        answer = operator.put(wish)
        assert (answer.status, reason in answer.body) == (status, True), answer


def use_the_older_endpoints(operator: Operator) -> None:
    def post(path: str, fields: dict[str, str] | bytes, method: str = "POST") -> int:
        body = fields if isinstance(fields, bytes) else urllib.parse.urlencode(fields).encode()
        return ask(operator.cluster.master, method, path, body).status

    agent_id = operator.agent_id.value
    for path in ("/reserve", "/master/unreserve"):
        assert post(path, {"slaveId": agent_id, "resources": as_json(CPU)}) == 202
        operator.wait_for(CPU, there=path == "/reserve")
    assert post("/weights", b'[{"role":"a","weight":1}]', "PUT") == 200
    assert ask(operator.cluster.master, "GET", "/weights?jsonp=f").body == b'f([{"weight":1.0,"role":"a"}]);'
    assert post("/quota/a", b"", "DELETE") == 400
    assert post("/machine/down", b'[{"hostname":"x"}]') == 400


def ask_for_many_quotas(cluster: Local) -> None:
    """Many at once, of which four cannot be refused, and no more may be granted."""
    operator = Operator(cluster, Encoding.JSON)
    asked = [wishes.update_quota(quota(f"r{n}", guarantees={"cpus": 1})) for n in range(300)]
    with ThreadPoolExecutor(32) as pool:
        statuses = Counter(answer.status for answer in pool.map(operator.put, asked))
    assert statuses == {200: 4, 400: 296}
    told = operator.read(Call.Type.GET_QUOTA).get_quota
    assert told is not None
    assert len(told.status.configs) == 4


def survive(operator: Operator) -> None:
    """What was done is so after the master was killed."""
    before = operator.read(Call.Type.GET_QUOTA)
    operator.do(wishes.plan("elsewhere"), wishes.start("elsewhere"), wishes.weigh(("b", 3.0)))
    operator.cluster.kill("master")

    def back() -> bool:
        try:
            return operator.put(Call(type=Call.Type.GET_MAINTENANCE_STATUS)).status == 200
        except OSError:
            return False

    wait_until(back, lambda: "the next master has recovered")
    assert operator.read(Call.Type.GET_QUOTA) == before
    status = operator.read(Call.Type.GET_MAINTENANCE_STATUS).get_maintenance_status
    assert status is not None
    assert [one.hostname for one in status.status.down_machines] == ["elsewhere"]
    weights = operator.read(Call.Type.GET_WEIGHTS).get_weights
    assert weights is not None
    assert ("b", 3.0) in [(one.role, one.weight) for one in weights.weight_infos]
