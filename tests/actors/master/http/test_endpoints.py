"""The v0 endpoints that show the cluster, at the port of a real master."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.actors.master.http.leader import Leader, Returning, leader


@pytest.fixture(scope="module")
def master() -> Iterator[Leader]:
    with leader() as found:
        found.spawn(lambda: Returning("old-S0", "t1", "t2"), "agent")
        found.until(lambda: found.shown("/tasks")["tasks"])
        yield found


def test_the_state_is_all_of_the_cluster(master: Leader) -> None:
    state = master.shown("/state")
    assert state["cluster"] == "paas"
    assert state["leader"] == state["pid"] == f"master@{state['pid'].partition('@')[2]}"
    assert state["leader_info"]["port"] == master.web.port
    assert (state["activated_slaves"], state["deactivated_slaves"], state["unreachable_slaves"]) == (1, 0, 0)
    assert state["elected_time"] >= state["start_time"] > 0
    (framework,) = state["frameworks"]
    assert [task["id"] for task in framework["tasks"]] == ["t1", "t2"]
    assert framework["used_resources"] == {"cpus": 2.0, "gpus": 0.0, "mem": 1024.0, "disk": 0.0}
    assert state["slaves"][0]["used_resources"] == framework["used_resources"]
    assert state["orphan_tasks"] == state["unregistered_frameworks"] == state["completed_frameworks"] == []


def test_the_summary_counts_tasks(master: Leader) -> None:
    summary = master.shown("/state-summary")
    (framework,), (agent,) = summary["frameworks"], summary["slaves"]
    assert (framework["TASK_RUNNING"], framework["slave_ids"]) == (2, ["old-S0"])
    assert (agent["TASK_RUNNING"], agent["framework_ids"]) == (2, ["old-0000"])
    assert "tasks" not in framework


def test_the_registry_is_shown_as_it_is_durable(master: Leader) -> None:
    registry = master.shown("/registrar(1)/registry")
    assert registry["master"]["info"]["pid"] == f"master@{master.web}"
    assert [one["info"]["id"] for one in registry["slaves"]["slaves"]] == [{"value": "old-S0"}]


@pytest.mark.parametrize("path", ["/master/slaves", "/slaves.json", "//slaves/", "/master/slaves.json"])
def test_paths_are_as_old_clients_write_them(master: Leader, path: str) -> None:
    (agent,) = master.shown(path)["slaves"]
    assert agent["used_resources_full"][0]["allocation_info"] == {"role": "*"}


def test_arguments_choose(master: Leader) -> None:
    assert master.shown("/slaves?slave_id=none") == {"slaves": [], "recovered_slaves": []}
    assert len(master.shown("/slaves?slave_id=old-S0")["slaves"]) == 1
    assert master.shown("/frameworks?framework_id=none")["frameworks"] == []
    assert len(master.shown("/frameworks?framework_id=old-0000")["frameworks"]) == 1
    assert [task["id"] for task in master.shown("/tasks?task_id=t2")["tasks"]] == ["t2"]
    assert master.shown("/tasks?framework_id=none")["tasks"] == []
    assert [task["id"] for task in master.shown("/tasks?limit=1&offset=1&order=asc")["tasks"]] == ["t2"]


@pytest.mark.parametrize("argument", ["limit=-1", "offset=x", "limit=", "offset=1e3", "limit=%D9%A1"])
def test_an_argument_that_is_no_number_is_refused(master: Leader, argument: str) -> None:
    answer = master.get(f"/tasks?{argument}")
    assert answer.status == 400
    assert answer.text.startswith(f"{argument.partition('=')[0]}: must be a number")


def test_answers_are_handed_to_a_function(master: Leader) -> None:
    answer = master.get("/state?jsonp=angular.callbacks._0")
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.text.startswith("angular.callbacks._0({")
    assert (
        json.loads(answer.text.removeprefix("angular.callbacks._0(").removesuffix(");"))["cluster"] == "paas"
    )
    assert master.get("/state?jsonp=alert(1)").status == 400


def test_a_client_that_has_the_newest_is_told_so(master: Leader) -> None:
    tag = master.get("/state").headers["etag"]
    assert master.get("/state", If_None_Match=tag).status == 304
    assert master.get("/state", If_None_Match='"other"').status == 200


def test_roles_tell_who_is_in_them_and_what_they_have(master: Leader) -> None:
    (role,) = master.shown("/roles")["roles"]
    assert (role["name"], role["weight"], role["frameworks"]) == ("*", 1.0, ["old-0000"])
    assert role["quota"] == {
        "role": "*",
        "guarantee": {},
        "limit": {},
        "consumed": {"cpus": 2.0, "mem": 1024.0},
    }
