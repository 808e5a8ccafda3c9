"""How the commands of `mesos` print what they were told."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from actors.cli.table import table
from transport import json_v1
from transport.record import Record
from transport.records.resource import Resource


def wants_json(arguments: argparse.Namespace) -> bool:
    """Whether --json was given."""
    return getattr(arguments, "json", False)


def show(
    arguments: argparse.Namespace,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    records: Sequence[Record],
    nothing: str,
) -> int:
    """Print a table, or the records as the v1 API writes them; returns the exit status."""
    if wants_json(arguments):
        print(pretty(b"[" + b",".join(json_v1.encode(one) for one in records) + b"]"))
    else:
        print(table(headings, rows) if rows else nothing)
    return 0


def pretty(json: bytes) -> str:
    """JSON for people, too."""
    return msgspec.json.format(json, indent=2).decode()


def amounts(resources: Iterable[Resource]) -> Mapping[str, float]:
    """How much there is of each resource that is a number; 0 of others."""
    found: Counter[str] = Counter()
    for one in resources:
        if one.scalar is not None:
            found[one.name] += one.scalar.value  # type: ignore[assignment]  # typeshed counts in integers
    return found


def warn(text: str) -> None:
    """Say something beside the output."""
    print(f"mesos: {text}", file=sys.stderr, flush=True)


def write(data: bytes) -> None:
    """Bytes as they are; who reads gets them at once."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
