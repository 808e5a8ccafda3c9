"""See what actors say to one another: live, as the story of an id, or in another program.

Records come from running nodes (--node), from the files that nodes write with --trace_dir, or from both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from actors.cli import client
from actors.cli.client import DEFAULT_NODE, Client
from actors.cli.nodes import survey
from actors.cli.parser import CommandError, UsageError, typed
from actors.cli.table import table
from actors.cli.trace_live import LiveLine, TextLine, follow, json_line
from actors.cli.trace_source import FolderSource, NodeSource, Source, Sources, warn
from actors.trace.diagram import draw
from actors.trace.merge import Merged, Step, Trace, merge
from actors.trace.perfetto import export
from actors.trace.record import hexadecimal, parse_hexadecimal
from actors.trace.story import tell, trace_ids
from actors.trace.wording import duration, label, moment
from transport.messages.node import DescribeNode, NodeDescription
from transport.messages.tracing import TraceFilter, TraceRecord
from transport.pid import Address

#: Messages drawn, and traces listed, unless --limit says otherwise.
MESSAGES, TRACES = 200, 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Take one of the sub-commands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    following = _action(actions, "follow", "print messages as they are handled, until Ctrl-C")
    following.add_argument("--type", action="append", default=[], help="only this type; * is any text")
    following.add_argument("--actor", action="append", default=[], help="only to or from this actor; * too")
    following.add_argument("--mention", metavar="ID", default="", help="only messages that mention this id")
    show = _action(actions, "show", "draw one trace, or list the latest ones")
    show.add_argument("trace", metavar="TRACE_ID", nargs="?", type=typed(_trace_id), help="16 hex digits")
    story = _action(actions, "story", "draw everything about a task, an offer, an actor, …")
    story.add_argument("id", metavar="ID", help="an id that messages mention, an actor or a trace")
    story.add_argument("--whole", action="store_true", help="with what neither led to the id nor came of it")
    exporting = _action(actions, "export", "write a file that ui.perfetto.dev opens")
    exporting.add_argument("id", metavar="TRACE_ID|ID", nargs="?", help="what the traces are about")
    exporting.add_argument("--all", action="store_true", help="export every trace")
    exporting.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help="the file to write"
    )
    for action in (show, story):
        action.add_argument("--limit", metavar="N", type=typed(_count), help="how much to print at most")
        action.add_argument(
            "--width", metavar="COLUMNS", type=typed(_count), help="instead of the terminal's"
        )
        action.add_argument("--ascii", action="store_true", help="draw without box characters")
    for action in (following, show, story):
        action.add_argument("--json", action="store_true", help="print records, one JSON object on each line")


def run(arguments: argparse.Namespace) -> int:
    """Carry out the sub-command; the status is 1 when nothing was found."""
    actions = {"follow": _follow, "show": _show, "story": _story, "export": _export}
    return actions[arguments.action](arguments)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_text: str
) -> argparse.ArgumentParser:
    """Add a sub-command with what every one of them takes."""
    parser = actions.add_parser(
        name, help=help_text, description=help_text, allow_abbrev=False, conflict_handler="resolve"
    )
    client.configure(parser)
    parser.add_argument(
        "--node",
        metavar="HOST:PORT",
        action="append",
        type=typed(Address.parse),
        help="a node to ask, by its actor port; may be given again (default: PION_NODE in the environment, "
        f"or {DEFAULT_NODE}, unless there is a --trace_dir)",
    )
    parser.add_argument("--cluster", action="store_true", help="ask all nodes connected with those, too")
    parser.add_argument(
        "--trace_dir",
        metavar="DIR",
        action="append",
        type=Path,
        default=[],
        help="a folder with trace files; may be given again",
    )
    return parser


# The sub-commands.


def _follow(arguments: argparse.Namespace) -> int:
    if arguments.trace_dir:
        raise UsageError("--trace_dir: files cannot be followed; name a --node")
    wanted = TraceFilter(
        types=tuple(arguments.type), actors=tuple(arguments.actor), mention=arguments.mention
    )
    with _client(arguments) as asking:
        nodes = _nodes(asking, arguments)
        for node in nodes:
            asking.ask(node, DescribeNode(), NodeDescription)
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        line: LiveLine = json_line if arguments.json else TextLine(nodes, columns)
        try:
            follow(asking, nodes, wanted, line, sys.stdout)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    with _sources(arguments) as sources:
        traces = () if arguments.trace is None else (arguments.trace,)
        records = sources.records(TraceFilter(traces=traces))
    if arguments.json:
        return _print_json(records)
    merged = merge(records)
    if arguments.trace is None:
        return _list(merged, arguments.limit or TRACES)
    if not merged.traces:
        raise CommandError(f"no record of trace {hexadecimal(arguments.trace)}")
    trace = merged.traces[0]
    notes = merged.notes
    if trace.steps[0].parent:
        notes = ("the beginning of this trace is not recorded", *notes)
    _draw(trace.steps, f"trace {hexadecimal(trace.id)}", notes, arguments)
    return 0


def _story(arguments: argparse.Namespace) -> int:
    with _sources(arguments) as sources:
        records = _about(sources, arguments.id)
    if arguments.json:
        return _print_json(records)
    merged = merge(records)
    story = tell(merged, arguments.id, whole=arguments.whole)
    if not story.steps:
        raise CommandError(f"no message mentions {arguments.id}, and no actor or trace is called so")
    notes = merged.notes
    if story.left_out:
        notes = (f"{story.left_out} messages of other branches are left out (--whole draws them)", *notes)
    _draw(story.steps, f"story of {arguments.id}", notes, arguments)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    if bool(arguments.id) == arguments.all:
        raise UsageError("give a TRACE_ID or an ID, or --all")
    with _sources(arguments) as sources:
        records = sources.records(TraceFilter()) if arguments.all else _about(sources, arguments.id)
    merged = merge(records)
    count = sum(len(trace.steps) for trace in merged.traces)
    if not count:
        raise CommandError("nothing is recorded" if arguments.all else f"no message mentions {arguments.id}")
    arguments.output.write_bytes(msgspec.json.encode(export(merged)))
    print(f"wrote {arguments.output}: {count} messages; open it at https://ui.perfetto.dev")
    return 0


def _about(sources: Sources, identifier: str) -> list[TraceRecord]:
    """All records of the traces that mention the id, on whatever node."""
    trace = parse_hexadecimal(identifier)
    records = [] if trace is None else sources.records(TraceFilter(traces=(trace,)))
    if not records:
        found = trace_ids(sources.records(TraceFilter(mention=identifier)), identifier)
        records = sources.records(TraceFilter(traces=found)) if found else []
    return records


# Where records come from.


@contextmanager
def _sources(arguments: argparse.Namespace) -> Iterator[Sources]:
    folders: list[Source] = [FolderSource(directory) for directory in arguments.trace_dir]
    if folders and not arguments.node:
        yield Sources(folders)
        return
    with _client(arguments) as asking:
        yield Sources([*(NodeSource(asking, node) for node in _nodes(asking, arguments)), *folders])


def _named_nodes(arguments: argparse.Namespace) -> list[Address]:
    if arguments.node:
        return list(arguments.node)
    named = os.environ.get("PION_NODE")
    try:
        return [Address.parse(named) if named else DEFAULT_NODE]
    except ValueError as error:
        raise UsageError(f"PION_NODE: {error}") from None


def _client(arguments: argparse.Namespace) -> Client:
    first = _named_nodes(arguments)[0]
    return Client.of(argparse.Namespace(**{**vars(arguments), "node": first}))


def _nodes(asking: Client, arguments: argparse.Namespace) -> list[Address]:
    """The nodes named, and with --cluster those that they lead to."""
    nodes = _named_nodes(arguments)
    if arguments.cluster:
        for first in list(nodes):
            answered, silent = survey(asking, first)
            nodes += [node.address for node in answered if node.address not in nodes]
            for reason in silent.values():
                warn(reason)
    return nodes


# What is printed.


def _draw(steps: Sequence[Step], title: str, notes: Sequence[str], arguments: argparse.Namespace) -> None:
    if not arguments.cluster and any(step.outcome == "unseen" for step in steps):
        notes = (*notes, "what other nodes recorded is missing (--cluster asks them too)")
    out = sys.stdout
    colour = out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    drawn = draw(
        steps,
        title=title,
        notes=notes,
        columns=arguments.width or shutil.get_terminal_size().columns,
        unicode=not arguments.ascii and _has_boxes(out.encoding),
        colour=colour,
        rows=arguments.limit or MESSAGES,
    )
    print(drawn)


def _list(merged: Merged, limit: int) -> int:
    """Print the latest traces, but for those in which an actor does something by itself."""
    traces = [
        trace for trace in merged.traces if len(trace.steps) > 1 or trace.steps[0].sender != trace.steps[0].to
    ]
    if not traces:
        raise CommandError("no traces are recorded")
    rows = map(_row, traces[-limit:])
    print(table(("TRACE", "BEGAN", "TOOK", "MESSAGES", "FIRST"), rows))
    return 0


def _row(trace: Trace) -> tuple[object, ...]:
    first = trace.steps[0]
    took = max(step.ended for step in trace.steps) - trace.began
    began = f"{label(first)} to {first.to.partition('@')[0]}"
    return hexadecimal(trace.id), moment(trace.began), duration(took), len(trace.steps), began


def _print_json(records: Sequence[TraceRecord]) -> int:
    if not records:
        raise CommandError("nothing is recorded")
    for record in records:
        print(json_line(record))
    return 0


def _has_boxes(encoding: str) -> bool:
    try:
        "├─●╌…".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _trace_id(text: str) -> int:
    trace = parse_hexadecimal(text)
    if trace is None:
        raise ValueError("must be 16 hexadecimal digits")
    return trace


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ValueError("must be a number from 1")
    return int(text)
