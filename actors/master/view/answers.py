"""Answers to readers, put together of pieces (mesos-protocol.md §4.1, §5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from actors.gateway import v0
from actors.master.view import rope
from actors.master.view.about import About
from actors.master.view.forms import Form
from actors.master.view.frameworks import ShownFramework
from actors.master.view.listing import listed
from actors.master.view.model import Model
from actors.master.view.roles import Roles
from transport import json_v1, protobuf
from transport.record import Record
from transport.records.endpoint_format import shown
from transport.records.master_response import Response

_Pieces: TypeAlias = list[bytes]
_Type: Final = Response.Type


class Answers:
    """Answers what a model knows; `about` is what the node says about itself."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._v0: Mapping[str, Callable[[Model, Mapping[str, str]], _Pieces]] = {
            "/state": self._state,
            "/state-summary": self._summary,
            "/slaves": _slaves,
            "/frameworks": _frameworks,
            "/tasks": _tasks,
            "/roles": _roles,
        }
        self._v1: Mapping[str, Callable[[Model, Form], _Pieces]] = {
            "GET_STATE": lambda model, form: _response(form, _Type.GET_STATE, get_state(model, form)),
            "GET_TASKS": lambda model, form: _response(form, _Type.GET_TASKS, _get_tasks(model, form)),
            "GET_EXECUTORS": lambda model, form: _response(
                form, _Type.GET_EXECUTORS, _get_executors(model, form)
            ),
            "GET_FRAMEWORKS": lambda model, form: _response(
                form, _Type.GET_FRAMEWORKS, _get_frameworks(model, form)
            ),
            "GET_AGENTS": lambda model, form: _response(form, _Type.GET_AGENTS, _get_agents(model, form)),
            "GET_OPERATIONS": lambda model, form: _response(
                form, _Type.GET_OPERATIONS, _get_operations(model, form)
            ),
            "GET_ROLES": lambda model, form: [_written(form, _get_roles(model))],
            "GET_MASTER": lambda model, form: [_written(form, self._get_master(model))],
        }

    def answer(self, model: Model, what: str, form: Form, arguments: Mapping[str, str]) -> tuple[bytes, ...]:
        """What was asked for; raises ValueError naming an argument that is not valid."""
        if form is Form.V0:
            return rope.compact(self._v0[what](model, arguments))
        return rope.compact(self._v1[what](model, form))

    # --- v0 ---

    def _state(self, model: Model, _arguments: Mapping[str, str]) -> _Pieces:
        info = model.info
        active = sum(agent.active for agent in model.agents.values())
        head: dict[str, Any] = {
            **self._about.state,
            "start_time": self._about.started_at,
            "elected_time": model.elected_at,
            "id": info.id,
            "pid": info.pid,
            "hostname": info.hostname,
            "capabilities": [one.type.value for one in info.capabilities if one.type is not None],
            "activated_slaves": active,
            "deactivated_slaves": len(model.agents) - active,
            "unreachable_slaves": len(model.unreachable),
            "leader": info.pid,
            "leader_info": {
                "id": info.id,
                "pid": info.pid,
                "port": info.port,
                "hostname": info.hostname,
            },
        }
        if info.domain is not None:
            head["domain"] = head["leader_info"]["domain"] = v0.raw(info.domain)
        lists = {
            "slaves": model.agents.joined(Form.V0),
            "recovered_slaves": model.recovered.joined(Form.V0),
            "frameworks": _wholes(model.frameworks.values()),
            "completed_frameworks": _wholes(model.completed_frameworks.values()),
            "orphan_tasks": [],
            "unregistered_frameworks": [],
        }
        return rope.v0_lists(msgspec.json.encode(head), lists)

    def _summary(self, model: Model, _arguments: Mapping[str, str]) -> _Pieces:
        head: dict[str, Any] = {"hostname": model.info.hostname}
        if self._about.cluster is not None:
            head["cluster"] = self._about.cluster
        lists = {
            "slaves": model.agents.joined(Form.SUMMARY),
            "frameworks": model.frameworks.joined(Form.SUMMARY),
        }
        return rope.v0_lists(msgspec.json.encode(head), lists)

    # --- v1 ---

    def _get_master(self, model: Model) -> Record:
        return Response(
            type=_Type.GET_MASTER,
            get_master=Response.GetMaster(
                master_info=model.info,
                start_time=self._about.started_at,
                elected_time=model.elected_at,
            ),
        )


def _slaves(model: Model, arguments: Mapping[str, str]) -> _Pieces:
    agent_id = arguments.get("slave_id")
    if agent_id is None:
        agents = model.agents.joined(Form.FULL)
        recovered = model.recovered.joined(Form.V0)
    else:
        agents = _one(model.agents.get(agent_id), Form.FULL)
        recovered = _one(model.recovered.get(agent_id), Form.V0)
    return rope.v0_lists(b"{}", {"slaves": agents, "recovered_slaves": recovered})


def _one(found: Any, form: Form) -> _Pieces:
    return [] if found is None else [b",", found.piece(form)]


def _frameworks(model: Model, arguments: Mapping[str, str]) -> _Pieces:
    framework_id = arguments.get("framework_id")
    lists = {"frameworks": model.frameworks, "completed_frameworks": model.completed_frameworks}
    chosen = {
        name: _wholes(one for one in roll.values() if framework_id in (None, one.id))
        for name, roll in lists.items()
    }
    return rope.v0_lists(b"{}", {**chosen, "unregistered_frameworks": []})


def _wholes(frameworks: Iterable[ShownFramework]) -> _Pieces:
    """Frameworks with all that they run, with a comma before each."""
    return [piece for framework in frameworks for piece in (b",", *framework.whole())]


def _tasks(model: Model, arguments: Mapping[str, str]) -> _Pieces:
    tasks = [piece for task in listed(model, arguments) for piece in (b",", task.piece(Form.V0))]
    return rope.v0_lists(b"{}", {"tasks": tasks})


def _roles(model: Model, _arguments: Mapping[str, str]) -> _Pieces:
    return [msgspec.json.encode({"roles": Roles(model).v0()})]


def _written(form: Form, record: Record) -> bytes:
    endpoint = shown(record)
    return protobuf.encode(endpoint) if form is Form.PROTOBUF else json_v1.encode(endpoint)


def _response(form: Form, kind: Response.Type, inner: Sequence[bytes]) -> _Pieces:
    """An answer to a call of that type."""
    return rope.message(form, Response(type=kind), {kind.value.lower(): inner})


def get_state(model: Model, form: Form) -> _Pieces:
    """The whole cluster, as in GET_STATE."""
    return rope.message(
        form,
        Response.GetState(),
        {
            "get_tasks": _get_tasks(model, form),
            "get_executors": _get_executors(model, form),
            "get_frameworks": _get_frameworks(model, form),
            "get_agents": _get_agents(model, form),
        },
    )


def _get_tasks(model: Model, form: Form) -> _Pieces:
    frameworks = (*model.frameworks.values(), *model.completed_frameworks.values())
    return rope.repeated(
        form,
        {
            "tasks": [piece for one in frameworks for piece in one.tasks.joined(form)],
            "unreachable_tasks": [piece for one in frameworks for piece in one.unreachable.joined(form)],
            "completed_tasks": [piece for one in frameworks for piece in one.completed.joined(form)],
        },
    )


def _get_executors(model: Model, form: Form) -> _Pieces:
    return rope.repeated(form, {"executors": model.executors.joined(form)})


def _get_frameworks(model: Model, form: Form) -> _Pieces:
    return rope.repeated(
        form,
        {
            "frameworks": model.frameworks.joined(form),
            "completed_frameworks": model.completed_frameworks.joined(form),
        },
    )


def _get_agents(model: Model, form: Form) -> _Pieces:
    return rope.repeated(
        form,
        {"agents": model.agents.joined(form), "recovered_agents": model.recovered.joined(form)},
    )


def _get_operations(model: Model, form: Form) -> _Pieces:
    return rope.repeated(form, {"operations": model.operations.joined(form)})


def _get_roles(model: Model) -> Record:
    return Response(type=_Type.GET_ROLES, get_roles=Response.GetRoles(roles=Roles(model).v1()))
