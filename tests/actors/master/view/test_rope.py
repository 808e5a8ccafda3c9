from __future__ import annotations

import json

import pytest

from actors.master.view import rope
from actors.master.view.forms import Form
from transport import json_v1, protobuf
from transport.records.ids import FrameworkID
from transport.records.master_response import Response
from transport.records.role import Role

ROLES = (Role(name="a", weight=1.0), Role(name="b", weight=2.0, frameworks=(FrameworkID(value="f"),)))


def test_small_pieces_are_joined_and_large_ones_are_not_copied() -> None:
    large = b"x" * 20_000
    pieces = [b"a", b"b", large, b"c", *[b"d" * 1000] * 200]
    compact = rope.compact(pieces)
    assert b"".join(compact) == b"".join(pieces)
    assert compact[0] == b"ab"
    assert compact[1] is large
    assert len(compact) == 6
    assert rope.compact([]) == ()


@pytest.mark.parametrize("form", [Form.JSON, Form.PROTOBUF])
def test_a_record_that_is_put_together_is_the_record(form: Form) -> None:
    whole = Response(type=Response.Type.GET_ROLES, get_roles=Response.GetRoles(roles=ROLES))
    if form is Form.PROTOBUF:
        written = [protobuf.embed(Response.GetRoles, "roles", protobuf.encode(role)) for role in ROLES]
    else:
        written = [b"," + json_v1.encode(role) for role in ROLES]
    inner = rope.repeated(form, {"roles": written})
    data = b"".join(rope.message(form, Response(type=Response.Type.GET_ROLES), {"get_roles": inner}))
    decode = protobuf.decode if form is Form.PROTOBUF else json_v1.decode
    assert decode(data, Response) == whole


@pytest.mark.parametrize("form", [Form.JSON, Form.PROTOBUF])
def test_empty_lists_are_left_out_and_empty_records_are_not(form: Form) -> None:
    inner = rope.repeated(form, {"roles": []})
    data = b"".join(rope.message(form, Response(), {"get_roles": inner}))
    assert data == (b'{"get_roles":{}}' if form is Form.JSON else protobuf.embed(Response, "get_roles", b""))


def test_lists_of_the_old_endpoints_are_there_even_if_empty() -> None:
    data = b"".join(rope.v0_lists(b'{"id":"a"}', {"tasks": [b',{"id":1}', b',{"id":2}'], "offers": []}))
    assert json.loads(data) == {"id": "a", "tasks": [{"id": 1}, {"id": 2}], "offers": []}
    assert b"".join(rope.v0_lists(b"{}", {"tasks": []})) == b'{"tasks":[]}'
