"""Look into the replicated log: a stopped master's files, or how a running master's log fares.

`--path` is the log's folder, `replicated_log` in the master's --work_dir.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from actors.cli import client
from actors.cli.client import Client
from actors.cli.log_entries import Position, held, plain, text
from actors.cli.parser import CommandError, UsageError, typed
from actors.cli.table import json, seconds, table
from actors.log.journal import Journal
from actors.log.records import LogRecord, StatusChanged
from actors.log.recoverer import RECOVERY
from actors.log.replica import Replica
from actors.log.scan import DamageError, Scan, scan
from actors.storage import FileDisk
from actors.units import Duration
from transport.messages.replication import Ballot, LogStatus, MemberStatus, ReadLogStatus, Status
from transport.pid import Pid


def configure(parser: argparse.ArgumentParser) -> None:
    """Take one of the sub-commands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    reading = _action(actions, "read", "print what a stopped master's replica holds")
    reading.add_argument("--from", dest="begin", metavar="POSITION", type=typed(_position), default=1)
    reading.add_argument("--to", dest="end", metavar="POSITION", type=typed(_position))
    reading.add_argument("--records", action="store_true", help="print the files' records as they are")
    reading.add_argument("--verbose", action="store_true", help="print the variables' values too")
    initializing = _action(actions, "initialize", "have a stopped master's empty replica vote at once")
    for action in (reading, initializing):
        action.add_argument("--path", metavar="FOLDER", type=Path, required=True, help="the log's folder")
        action.add_argument(
            "--timeout", type=typed(Duration.parse), help="taken as Mesos takes it; nothing here waits"
        )
    status = _action(actions, "status", "ask a running master how its log fares")
    client.configure(status)
    for action in (reading, status):
        action.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Carry out the sub-command; `status` ends with 1 while the replica that was asked does not vote."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "read": _read,
        "initialize": _initialize,
        "status": _status,
    }
    return actions[arguments.action](arguments)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_text: str
) -> argparse.ArgumentParser:
    return actions.add_parser(
        name, help=help_text, description=help_text, allow_abbrev=False, conflict_handler="resolve"
    )


def _position(word: str) -> int:
    if not word.isdecimal() or not int(word):
        raise ValueError(f"position {word!r}: must be a whole number from 1 on")
    return int(word)


class _Files(NamedTuple):
    """A log that no master uses now."""

    disk: FileDisk
    folder: str

    def scan(self) -> Scan:
        """Read all of it; raises CommandError when it is damaged."""
        try:
            return scan(self.disk, self.folder)
        except DamageError as error:
            raise CommandError(
                f"the log is damaged: {self.folder}/{error} (started, a master copies it from the others; "
                "one that has none needs the folder restored from a copy, or removed to begin anew)"
            ) from None


@contextlib.contextmanager
def _files(path: Path) -> Iterator[_Files]:
    """Keep masters away from the log in that folder for a while."""
    path = path.resolve()
    if not path.name:
        raise UsageError(f"--path {path}: must be a folder in a master's work directory")
    if (path / "replicated_log").is_dir():
        raise UsageError(f"--path {path}: is a work directory; its log is {path / 'replicated_log'}")
    disk = FileDisk(path.parent)
    try:
        disk.lock()
        yield _Files(disk, path.name)
    finally:
        disk.close()


# --- read ---


def _read(arguments: argparse.Namespace) -> int:
    if arguments.end is not None and arguments.end < arguments.begin:
        raise UsageError(f"--to {arguments.end}: must not be less than --from {arguments.begin}")
    if not arguments.path.is_dir():
        raise CommandError(f"{arguments.path}: there is no such folder")
    with _files(arguments.path) as files:
        found = files.scan()
    if not found.has_marks:
        raise CommandError(f"{arguments.path}: there is no replicated log in it")
    if arguments.records:
        _print_records(found.records, as_json=arguments.json)
        return 0
    replica = Replica(found.records)
    positions = list(held(replica.holdings, arguments.begin, arguments.end))
    if arguments.json:
        print(json({**_summary(replica), "positions": [plain(one, arguments.verbose) for one in positions]}))
    else:
        _print_positions(replica, positions, verbose=arguments.verbose)
    return 0


def _print_records(records: tuple[LogRecord, ...], *, as_json: bool) -> None:
    if as_json:
        print(json([{"record": type(record).__name__, "fields": record} for record in records]))
        return
    for number, record in enumerate(records):
        print(f"{number:6}  {record}")


def _summary(replica: Replica) -> dict[str, object]:
    return {
        "replica": replica.identity,
        "status": replica.status,
        "promised": replica.promised,
        "begin": replica.begin,
        "end": replica.end,
        "chosen": replica.learned,
    }


def _print_positions(replica: Replica, positions: list[Position], *, verbose: bool) -> None:
    print(
        f"replica {replica.identity or 'without a name yet'}, {replica.status}, promised to "
        f"{_ballot(replica.promised)}; holds {_span(replica.begin, replica.end)}, chosen up to "
        f"{replica.learned}"
    )
    rows = [(one.position, _ballot(one.ballot), _yes(one.chosen), one.summary) for one in positions]
    if not verbose:
        print(table(("POSITION", "BALLOT", "CHOSEN", "VALUE"), rows))
        return
    for one, row in zip(positions, rows, strict=True):
        print(table(("POSITION", "BALLOT", "CHOSEN", "VALUE"), [row]))
        print(text(one))


# --- initialize ---


def _initialize(arguments: argparse.Namespace) -> int:
    with _files(arguments.path) as files:
        replica = Replica(files.scan().records)
        if replica.status is not Status.EMPTY or replica.end:
            raise CommandError(
                f"{arguments.path}: the replica is {replica.status} and holds "
                f"{_span(replica.begin, replica.end)}: only an EMPTY one can be initialized"
            )
        journal = Journal(files.disk, files.folder)
        journal.open()
        journal.append(StatusChanged(Status.VOTING))
        journal.sync()
    print(
        f"{arguments.path}: the replica is VOTING now. Where no master holds a registry yet, do the same on "
        "every master's host; where one does, on as many as are missing from a quorum, and no more"
    )
    return 0


# --- status ---


def _status(arguments: argparse.Namespace) -> int:
    with Client.of(arguments) as asking:
        status = asking.ask_actor(Pid(RECOVERY, *arguments.node), ReadLogStatus(), LogStatus)
    if arguments.json:
        print(json(status))
    else:
        _print_status(status)
    return 0 if status.status is Status.VOTING else 1


def _print_status(status: LogStatus) -> None:
    trying = f", for {seconds(status.recovering_seconds)} not yet VOTING" if status.recovering_seconds else ""
    print(f"{status.replica} is {status.status}{trying}; quorum {status.quorum}")
    if status.group:
        print(f"group {status.group}, {'connected' if status.connected else 'not connected'}")
    rows = (_member(status, member) for member in status.members)
    print(table(("MEMBER", "STATUS", "POSITIONS", "QUORUM", "HEARD", "REMARKS"), rows))
    if status.diagnosis:
        print(f"\n{status.diagnosis}")


def _member(status: LogStatus, member: MemberStatus) -> tuple[object, ...]:
    own = member.pid.address == status.replica.address
    remarks = ["this one"] if own else []
    remarks += [member.unreachable] if member.unreachable else []
    remarks += [] if member.registered else ["not registered in the group"]
    if member.status is None:
        return (member.pid.address, "no answer yet", "-", "-", "-", ", ".join(remarks))
    silent = member.silent_seconds or 0.0
    return (
        member.pid.address,
        member.status,
        f"{member.begin}-{member.end}" if member.end >= member.begin else "none",
        str(member.quorum or "-"),
        "now" if silent < 1 else f"{seconds(silent)} ago",
        ", ".join(remarks),
    )


def _ballot(ballot: Ballot) -> str:
    return f"{ballot.epoch}.{ballot.round}"


def _span(begin: int, end: int) -> str:
    return f"positions {begin} to {end}" if end >= begin else "no positions"


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
