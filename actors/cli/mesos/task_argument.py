"""The task that a command is about."""

from __future__ import annotations

import argparse


def add_task(parser: argparse.ArgumentParser) -> None:
    """Take its id, and its framework's where that is not enough."""
    parser.add_argument("--framework", metavar="ID", help="the framework, if tasks of several have the id")
    parser.add_argument("task_id", metavar="TASK_ID", help="the id of the task")
