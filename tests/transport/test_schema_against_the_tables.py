"""Every row of the protobuf tables is declared as a record or an enumeration, and nothing else is."""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from transport import records
from transport.record import Record, proto_name
from transport.records import registry
from transport.records.enumeration import Enumeration
from transport.schema import Field, declared_in, fields_of

#: The tables lie beside the checkout; without them this file fails.
SPEC = Path(__file__).parents[3] / "shared/spec"
#: What of the tables is not declared, by file, and why.
LEFT_OUT = {
    "include/mesos/v1/resource_provider/resource_provider.proto": "an API for CSI storage; it is not served",
}
#: What is declared without a row: it is protobuf's own.
OURS = {"google.protobuf.Duration"}


@cache
def all_rows(table: str) -> tuple[dict[str, str], ...]:
    with (SPEC / table).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def rows(table: str) -> list[dict[str, str]]:
    return [row for row in all_rows(table) if row["proto_file"] not in LEFT_OUT]


@cache
def declared() -> dict[str, type[Record | Enumeration]]:
    names = [module.name for module in pkgutil.iter_modules(records.__path__)]
    modules = [importlib.import_module(f"{records.__name__}.{name}") for name in names if name != "registry"]
    return {proto_name(found): found for module in modules for found in declared_in(module)}


def fields() -> Iterator[tuple[str, Field]]:
    for name, found in declared().items():
        if issubclass(found, Record) and name not in OURS:
            for field in fields_of(found):
                yield name, field


def in_full(message: str, type_name: str) -> str:
    """The type a field refers to, searched from its message outwards as protobuf does."""
    scope = message
    while scope:
        if f"{scope}.{type_name}" in declared():
            return f"{scope}.{type_name}"
        scope = scope.rpartition(".")[0]
    return type_name


def expected_type(row: dict[str, str]) -> tuple[str, str]:
    """A row's label and type in the words of `Field`."""
    label, type_name = row["label"], row["type"]
    if type_name.startswith("map<string,"):
        return "map", in_full(row["message"], type_name.removeprefix("map<string,").removesuffix(">").strip())
    return "optional" if label.startswith("oneof:") else label, in_full(row["message"], type_name)


def written(default: object) -> str:
    """A default as the table writes it."""
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)


def test_the_tables_hold_what_is_compared() -> None:
    assert len(rows("mesos-proto-fields.tsv")) > 1_100
    assert len(rows("mesos-proto-enums.tsv")) > 400
    assert set(LEFT_OUT) < {row["proto_file"] for row in all_rows("mesos-proto-fields.tsv")}


def test_every_message_is_declared_and_no_other() -> None:
    messages = {row["message"] for row in rows("mesos-proto-fields.tsv")}
    assert {name for name, found in declared().items() if issubclass(found, Record)} == messages | OURS


def test_every_field_has_the_name_number_label_and_type_of_its_row_and_there_is_no_other() -> None:
    expected = {
        (row["message"], row["name"]): (int(row["number"]), *expected_type(row))
        for row in rows("mesos-proto-fields.tsv")
        if row["number"] != "-"
    }
    found = {(name, field.name): (field.number, field.label, field.type_name) for name, field in fields()}
    assert found == expected


def test_every_field_has_the_default_and_options_of_its_row() -> None:
    expected = {
        (row["message"], row["name"]): (
            row["default"].strip('"'),
            "deprecated=true" in row["options"],
            row["label"].partition("oneof:")[2],
        )
        for row in rows("mesos-proto-fields.tsv")
        if row["number"] != "-"
    }
    found = {
        (name, field.name): (written(field.default), field.deprecated, field.oneof)
        for name, field in fields()
    }
    assert found == expected


def test_every_member_of_an_enumeration_has_the_number_of_its_row_and_there_is_no_other() -> None:
    expected = {(row["enum"], row["name"]): int(row["number"]) for row in rows("mesos-proto-enums.tsv")}
    found = {
        (name, member.value): member.number
        for name, enumeration in declared().items()
        if issubclass(enumeration, Enumeration)
        for member in enumeration
    }
    assert found == expected


def test_the_registry_is_stored_under_the_numbers_of_mesos() -> None:
    with (SPEC / "mesos-internal-proto-fields.tsv").open(encoding="utf-8", newline="") as file:
        expected = {
            (row["message"], row["name"]): (int(row["number"]), row["label"], row["default"])
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["proto_file"] == "src/master/registry.proto"
        }
    found = {
        (proto_name(record), field.name): (field.number, field.label, written(field.default))
        for record in declared_in(registry)
        if issubclass(record, Record)
        for field in fields_of(record)
    }
    # What Mesos has no use for any more, and what is not there yet.
    left_out = {"quotas", "resource_provider_registry"}
    assert found.items() <= expected.items()
    assert {
        name for message, name in expected.keys() - found.keys() if message.endswith("Registry")
    } == left_out
