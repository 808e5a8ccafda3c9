"""Records as JSON Schema (2020-12): what OpenAPI 3.1 says of the v1 APIs (mesos-protocol.md §1.3)."""

from __future__ import annotations

import inspect
from typing import Any, Final

from transport.record import Record, proto_name
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

Schema = dict[str, Any]

_SCALARS: Final[dict[str, Schema]] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "bool": {"type": "boolean"},
    "double": {"type": "number"},
    "int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "int64": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "uint64": {"type": "integer", "minimum": 0, "maximum": 2**64 - 1},
}


class Schemas:
    """Collects the schemas of records that are referred to, and of those that these refer to."""

    def __init__(self) -> None:
        self._found: dict[str, Schema] = {}

    def reference(self, declared: type[Record | Enumeration]) -> Schema:
        """A schema that refers to the one of a record or an enumeration."""
        name = proto_name(declared)
        if name not in self._found:
            self._found[name] = {}  # it may refer to itself
            self._found[name] = self._schema(declared)
        return {"$ref": f"#/components/schemas/{name}"}

    def components(self) -> dict[str, Schema]:
        """All of them by their protobuf names."""
        return dict(sorted(self._found.items()))

    def _schema(self, declared: type[Record | Enumeration]) -> Schema:
        described = {"description": inspect.cleandoc(declared.__doc__)} if declared.__doc__ else {}
        if issubclass(declared, Enumeration):
            return {**described, "type": "string", "enum": [member.value for member in declared]}
        fields = fields_of(declared)
        required = [field.name for field in fields if field.label == "required"]
        return {
            **described,
            "type": "object",
            "properties": {field.name: self._field(field) for field in fields},
            **({"required": required} if required else {}),
        }

    def _field(self, field: Field) -> Schema:
        inner = self._type(field)
        if field.label == "repeated":
            inner = {"type": "array", "items": inner}
        elif field.label == "map":
            inner = {"type": "object", "additionalProperties": inner}
        elif field.default is not None and not isinstance(field.default, bytes):
            inner = {**inner, "default": field.default}
        return {**inner, "deprecated": True} if field.deprecated else inner

    def _type(self, field: Field) -> Schema:
        if field.declared is None:
            return dict(_SCALARS[field.type_name])
        return self.reference(field.declared)
