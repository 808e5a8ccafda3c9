from __future__ import annotations

import msgspec

from actors.gateway.openapi.schemas import Schemas
from transport.records import agent_call, master_call, master_response, scheduler_event
from transport.records.framework import FrameworkInfo
from transport.schema import fields_of

PREFIX = "#/components/schemas/"


def test_a_record_is_an_object_with_its_fields() -> None:
    schemas = Schemas()
    assert schemas.reference(master_call.Call.ReadFile) == {"$ref": f"{PREFIX}mesos.v1.master.Call.ReadFile"}
    number = {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}
    assert schemas.components() == {
        "mesos.v1.master.Call.ReadFile": {
            "description": "Bytes of a file; without `length` up to its end.",
            "type": "object",
            "properties": {"path": {"type": "string"}, "offset": number, "length": number},
            "required": ["path", "offset"],
        }
    }


def test_bytes_lists_maps_and_enumerations_are_as_the_protocol_writes_them() -> None:
    schemas = Schemas()
    schemas.reference(master_response.Response)
    schemas.reference(master_call.Call)
    found = schemas.components()
    read = found["mesos.v1.master.Response.ReadFile"]["properties"]
    assert read["data"] == {"type": "string", "contentEncoding": "base64"}
    listed = found["mesos.v1.master.Response.ListFiles"]["properties"]["file_infos"]
    assert listed == {"type": "array", "items": {"$ref": f"{PREFIX}mesos.v1.FileInfo"}}
    limits = found["mesos.v1.quota.QuotaConfig"]["properties"]["limits"]
    assert limits["type"] == "object"
    assert limits["additionalProperties"]["$ref"].startswith(PREFIX)
    assert "TEARDOWN" in found["mesos.v1.master.Call.Type"]["enum"]


def test_defaults_and_deprecation_are_told() -> None:
    schemas = Schemas()
    schemas.reference(FrameworkInfo)
    properties = schemas.components()["mesos.v1.FrameworkInfo"]["properties"]
    assert properties["failover_timeout"]["default"] == 0.0
    deprecated = [field.name for field in fields_of(FrameworkInfo) if field.deprecated]
    assert deprecated
    assert [name for name, schema in properties.items() if schema.get("deprecated")] == deprecated


def test_all_that_is_referred_to_is_there() -> None:
    schemas = Schemas()
    for record in (agent_call.Call, scheduler_event.Event, master_response.Response):
        schemas.reference(record)
    found = schemas.components()
    text = msgspec.json.encode(found).decode()
    referred = {part.partition('"')[0] for part in text.split(PREFIX)[1:]}
    assert referred <= set(found)
