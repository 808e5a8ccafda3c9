from __future__ import annotations

from msgspec.structs import replace

from actors.master.view.model import Model
from actors.master.view.roles import Roles
from tests.actors.master.http.leader import FRAMEWORK, running
from tests.actors.master.view.audit import INFO
from tests.actors.master.view.test_listing import framework
from transport.messages.viewing import AgentFact, TaskFact
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.quota import QuotaConfig
from transport.records.resources import Resources
from transport.records.value import Value


def model() -> Model:
    """A framework in eng/web that uses one of two reserved and one of the other cpus."""
    found = Model(INFO, 1.0)
    agent = AgentFact(
        info=AgentInfo(hostname="host", id=AgentID(value="S0")),
        pid=Pid("agent", "10.0.0.1", 6051, 1),
        connected=True,
        deactivated=False,
        version="1",
        capabilities=(),
        total=Resources.parse("cpus:6;cpus(eng):2;mem(ops):64"),
        registered_at=1.0,
        reregistered_at=None,
        drain=None,
        drain_started_at=None,
    )
    found.take(("agent", "S0"), agent)
    found.take(("framework", "old-0000"), replace(framework(FRAMEWORK), roles=("eng/web", "other")))
    held = Resources.parse("cpus:1;cpus(eng):1").allocate("eng/web")
    found.take(("task", "old-0000", "t"), TaskFact(running("S0", "t"), held))
    quota = QuotaConfig(
        role="eng",
        guarantees={"cpus": Value.Scalar(value=1.0)},
        limits={"cpus": Value.Scalar(value=4.0)},
    )
    found.take(("quota", "eng"), quota)
    found.take(("weight", "heavy"), 2.5)
    return found


def test_all_roles_are_shown_of_which_anything_is_known_and_those_above_them() -> None:
    assert Roles(model()).names == ("eng", "eng/web", "other", "ops", "heavy")


def test_a_role_has_what_it_is_due_and_what_it_uses() -> None:
    roles = {role["name"]: role for role in Roles(model()).v0()}
    assert roles["eng"]["quota"] == {
        "role": "eng",
        "guarantee": {"cpus": 1.0},
        "limit": {"cpus": 4.0},
        # What is reserved counts whether it is used or not, what is used besides counts too.
        "consumed": {"cpus": 3.0},
    }
    assert roles["eng"]["reserved"]["cpus"] == 2.0
    assert roles["eng/web"]["allocated"]["cpus"] == roles["eng/web"]["resources"]["cpus"] == 2.0
    assert (roles["eng/web"]["frameworks"], roles["eng"]["frameworks"]) == (["old-0000"], [])
    assert (roles["heavy"]["weight"], roles["eng"]["weight"]) == (2.5, 1.0)


def test_in_v1_roles_are_records() -> None:
    roles = {role.name: role for role in Roles(model()).v1()}
    (framework_id,) = roles["eng/web"].frameworks
    assert framework_id.value == "old-0000"
    assert Resources(roles["eng/web"].resources).scalar_quantities["cpus"] == 2000
    assert roles["heavy"].weight == 2.5
