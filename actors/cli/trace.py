"""See what actors say to one another: live, as the story of an id, or in another program.

Records come from running nodes (--node), from the files that nodes write with --trace_dir, or from both.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.cli import client
from actors.cli.client import DEFAULT_NODE, Client
from actors.cli.nodes import survey
from actors.cli.parser import UsageError, typed
from actors.cli.table import table
from actors.cli.trace_live import Printer
from actors.cli.trace_source import FolderSource, NodeSource, Source, Sources, warn
from actors.trace.diagram import draw
from actors.trace.follower import Follower
from actors.trace.merge import Merged, Step, Trace, merge
from actors.trace.perfetto import export
from actors.trace.record import hexadecimal, parse_hexadecimal
from actors.trace.story import tell, trace_ids
from actors.trace.tracer import RECORDER
from actors.trace.wording import duration, label, moment
from transport.messages.node import DescribeNode, NodeDescription
from transport.messages.tracing import TraceFilter, TraceRecord
from transport.pid import Address, Pid

#: Messages drawn, or traces listed, unless --limit says otherwise.
MESSAGES, TRACES = 200, 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Take one of the sub-commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    follow = commands.add_parser("follow", help="print messages as they are handled, until Ctrl-C")
    follow.add_argument("--type", metavar="TYPE", action="append", default=[], help="only this type; * is any text")
    follow.add_argument("--actor", metavar="NAME", action="append", default=[], help="only to or from this actor")
    follow.add_argument("--mention", metavar="ID", default="", help="only messages that mention this id")
    show = commands.add_parser("show", help="draw one trace, or list the latest ones")
    show.add_argument("trace", metavar="TRACE_ID", nargs="?", type=typed(_trace_id), help="16 hexadecimal digits")
    story = commands.add_parser("story", help="draw everything about a task, an offer, an actor, …")
    story.add_argument("id", metavar="ID", help="an id that messages mention, an actor or a trace")
    story.add_argument("--whole", action="store_true", help="also draw what neither led to the id nor came of it")
    exporting = commands.add_parser("export", help="write a file that ui.perfetto.dev opens")
    exporting.add_argument("id", metavar="TRACE_ID|ID", nargs="?", help="what the traces are about")
    exporting.add_argument("--all", action="store_true", help="export every trace")
    exporting.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the file to write")
    for command in (follow, show, story, exporting):
        _configure_sources(command)
    for command in (show, story):
        _configure_drawing(command)
    for command in (follow, show, story):
        command.add_argument("--json", action="store_true", help="print records, one JSON object on each line")


def run(arguments: argparse.Namespace) -> int:
    """Carry out the sub-command; the status is 1 when nothing was found."""
    actions = {"follow": _follow, "show": _show, "story": _story, "export": _export}
    return actions[arguments.action](arguments)


def _configure_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--node",
        metavar="HOST:PORT",
        action="append",
        type=typed(Address.parse),
        help="a node to ask, by its actor port; may be given again (default: PION_NODE in the environment, "
        f"or {DEFAULT_NODE}, unless there is a --trace_dir)",
    )
    parser.add_argument("--cluster", action="store_true", help="ask all nodes that those are connected with too")
    parser.add_argument(
        "--trace_dir",
        metavar="DIR",
        action="append",
        type=Path,
        default=[],
        help="a folder with trace files; may be given again",
    )
    client.configure_asking(parser)


def _configure_drawing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", metavar="N", type=int, help="how much to print at most")
    parser.add_argument("--width", metavar="COLUMNS", type=int, help="instead of the terminal's width")
    parser.add_argument("--ascii", action="store_true", help="draw without box characters")
