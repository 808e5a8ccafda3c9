"""List the files of a task."""

from __future__ import annotations

import argparse
import stat
import time

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import show
from actors.cli.mesos.sandbox import Sandbox
from actors.cli.mesos.task_argument import add_task
from transport.records.daemon import FileInfo


def configure(parser: argparse.ArgumentParser) -> None:
    """Take whose."""
    add_task(parser)
    parser.add_argument("path", metavar="PATH", nargs="?", default="", help="a folder in its sandbox")


def run(arguments: argparse.Namespace) -> int:
    """Print them as `ls -l` does."""
    with Cluster.of(arguments) as cluster:
        sandbox = Sandbox.of(cluster, arguments.task_id, arguments.framework)
        files = sandbox.list(arguments.path)
    headings = ("MODE", "LINKS", "USER", "GROUP", "SIZE", "MODIFIED", "NAME")
    return show(arguments, headings, [_row(file) for file in files], files, "The folder is empty.")


def _row(file: FileInfo) -> tuple[object, ...]:
    seconds = (file.mtime.nanoseconds if file.mtime else 0) / 1e9
    return (
        stat.filemode(file.mode or 0),
        file.nlink or 0,
        file.uid or "",
        file.gid or "",
        file.size or 0,
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)),
        file.path.rpartition("/")[2],
    )
