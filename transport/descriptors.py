"""Records as protobuf's own library knows them. The only file that imports it.

Descriptors are built from the declarations, a file's for each module that declares records: so there is no
generated code, and no second schema. The library's objects live for one call only.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from typing import Any, Final

import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from transport.record import Record, proto_name
from transport.records.enumeration import Enumeration
from transport.schema import Field, declared_in, fields_of

_POOL: Final = descriptor_pool.DescriptorPool()
_DECLARING: Final = threading.Lock()

_FieldProto: Final = descriptor_pb2.FieldDescriptorProto
_LABELS: Final = {
    "required": _FieldProto.LABEL_REQUIRED,
    "optional": _FieldProto.LABEL_OPTIONAL,
    "repeated": _FieldProto.LABEL_REPEATED,
    "map": _FieldProto.LABEL_REPEATED,
}


def serialize(record: Record) -> bytes:
    """The bytes of a record."""
    fields = msgspec.to_builtins(record, builtin_types=(bytes,))
    written: bytes = message_class(type(record))(**fields).SerializeToString(deterministic=True)
    return written


def in_order(data: bytes, record: type[Record]) -> bytes:
    """The same message as the library writes it: each field once, all in one way; raises ValueError.

    What is required may still be missing.
    """
    try:
        written: bytes = message_class(record).FromString(data).SerializePartialToString(deterministic=True)
    except DecodeError as error:
        raise ValueError("malformed") from error
    return written


@cache
def message_class(record: type[Record]) -> Any:
    """The library's class for a record."""
    # Nothing may be declared twice, and several threads may be the first to ask.
    with _DECLARING:
        _add_file(record.__module__)
        return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(proto_name(record)))


@cache
def _add_file(module_name: str) -> None:
    """Declare all that a module declares, after what it refers to."""
    module = sys.modules[module_name]
    file = descriptor_pb2.FileDescriptorProto(name=module_name, syntax="proto2")
    messages: dict[str, Any] = {"": file}
    for declared in declared_in(module):
        file.package = proto_name(declared).removesuffix(f".{declared.__qualname__}")
        outer = messages[declared.__qualname__.rpartition(".")[0]]
        if issubclass(declared, Enumeration):
            enumeration = outer.enum_type.add(name=declared.__name__)
            for member in declared:
                enumeration.value.add(name=member.value, number=member.number)
        else:
            inner = outer.message_type if outer is file else outer.nested_type
            messages[declared.__qualname__] = message = inner.add(name=declared.__name__)
            _add_fields(message, declared)
    for name in _modules_named_in(module_name):
        _add_file(name)
        file.dependency.append(name)
    _POOL.Add(file)


def _modules_named_in(module_name: str) -> list[str]:
    """The other modules whose records or enumerations its records refer to."""
    records = [found for found in declared_in(sys.modules[module_name]) if issubclass(found, Record)]
    fields = [field for record in records for field in fields_of(record)]
    names = {field.declared.__module__ for field in fields if field.declared is not None}
    return sorted(names - {module_name})


def _add_fields(message: Any, record: type[Record]) -> None:
    oneofs = list(dict.fromkeys(field.oneof for field in fields_of(record) if field.oneof))
    for name in oneofs:
        message.oneof_decl.add(name=name)
    for field in fields_of(record):
        found = message.field.add(name=field.name, number=field.number, label=_LABELS[field.label])
        if field.oneof:
            found.oneof_index = oneofs.index(field.oneof)
        if field.label == "map":
            entry = _add_entry(message, field)
            found.type, found.type_name = _FieldProto.TYPE_MESSAGE, f".{proto_name(record)}.{entry}"
        else:
            _set_type(found, field)


def _add_entry(message: Any, field: Field) -> str:
    """Declare the message that a map's entries are, as the compiler names it."""
    name = "".join(part.capitalize() for part in field.name.split("_")) + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_FieldProto.LABEL_OPTIONAL, type=_FieldProto.TYPE_STRING)
    _set_type(entry.field.add(name="value", number=2, label=_FieldProto.LABEL_OPTIONAL), field)
    return name


def _set_type(found: Any, field: Field) -> None:
    if field.declared is None:
        found.type = _FieldProto.Type.Value(f"TYPE_{field.type_name.upper()}")
        return
    is_record = issubclass(field.declared, Record)
    found.type = _FieldProto.TYPE_MESSAGE if is_record else _FieldProto.TYPE_ENUM
    found.type_name = f".{field.type_name}"
