"""The command `pion`: finds the command that is meant, and turns every failure into one line."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from actors.cli.ending import ending
from actors.cli.parser import Parser, UsageError


class Command(NamedTuple):
    """A command of `pion`; its module is imported when it is called for."""

    module: str
    help: str
    is_daemon: bool = False


COMMANDS = {
    "local": Command("actors.cli.local", "a whole cluster on this machine", is_daemon=True),
    "master": Command("actors.cli.master", "lead a cluster; also mesos-master", is_daemon=True),
    "agent": Command("actors.cli.agent", "run tasks on this host; also mesos-agent", is_daemon=True),
    "execute": Command(
        "frameworks.execute", "run a command on a cluster; also mesos-execute", is_daemon=True
    ),
    "demo": Command("frameworks.examples.demo", "two nodes on this machine that share work: the first tour"),
    "node": Command("actors.cli.node", "host actors on this machine", is_daemon=True),
    "nodes": Command("actors.cli.nodes", "list a node and all that it is connected with"),
    "actors": Command("actors.cli.actors", "list the actors of a node"),
    "image": Command("actors.cli.image", "make an image for Docker, where there is no registry"),
    "log": Command("actors.cli.log", "look into the replicated log; also mesos-log"),
    "metrics": Command("actors.cli.metrics", "show what a node measures"),
    "spawn": Command("actors.cli.spawn", "start an actor on a node"),
    "stop": Command("actors.cli.stop", "stop an actor of a node, or the node"),
    "resolve": Command("actors.cli.resolve", "find the leading master; also mesos-resolve"),
    "trace": Command("actors.cli.trace", "see what actors say to one another"),
    "secret": Command("actors.cli.secret", "make the secret that nodes share"),
    "version": Command("actors.cli.version", "tell the version"),
}


def main(words: Sequence[str] | None = None, program: str = "") -> int:
    """Run the command that `words` (by default those of the command line) name; returns the exit status.

    `program` is what the user called, for messages, where that is not `pion` and the command's name.
    """
    words = sys.argv[1:] if words is None else words
    if words and words[0] in ("--help", "-h", "help"):
        print(_overview())
        return 0
    name = "version" if words and words[0] == "--version" else words[0] if words else ""
    return ending(program or f"pion {name}".strip(), lambda: _run(name, words[1:]))


def _run(name: str, words: Sequence[str]) -> int:
    command = COMMANDS.get(name)
    if command is None:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {close[0]}?" if close else "pion --help lists them"
        raise UsageError(f"no such command; {hint}" if name else "no command; pion --help lists them")
    module = importlib.import_module(command.module)
    if command.is_daemon:
        status: int = module.main(words, os.environ)
    else:
        parser = Parser(prog=f"pion {name}", description=module.__doc__, allow_abbrev=False)
        module.configure(parser)
        status = module.run(parser.parse_args(words))
    sys.stdout.flush()
    return status


def _overview() -> str:
    lines = "\n".join(f"  {name:<9} {command.help}" for name, command in COMMANDS.items())
    return (
        f"Usage: pion COMMAND …\n\nApache Mesos and Marathon rebuilt in Python as actors.\n\n"
        f"Commands:\n{lines}\n\npion COMMAND --help tells more about one."
    )


def mesos_master() -> int:
    """Be the program `mesos-master`."""
    return main(["master", *sys.argv[1:]], "mesos-master")


def mesos_agent() -> int:
    """Be the program `mesos-agent`, or `mesos-slave` as it was called once."""
    return main(["agent", *sys.argv[1:]], "mesos-agent")


def mesos_local() -> int:
    """Be the program `mesos-local`."""
    return main(["local", *sys.argv[1:]], "mesos-local")


def mesos_execute() -> int:
    """Be the program `mesos-execute`."""
    return main(["execute", *sys.argv[1:]], "mesos-execute")


def mesos_log() -> int:
    """Be the program `mesos-log`."""
    return main(["log", *sys.argv[1:]], "mesos-log")


def mesos_resolve() -> int:
    """Be the program `mesos-resolve`."""
    return main(["resolve", *sys.argv[1:]], "mesos-resolve")


if __name__ == "__main__":
    sys.exit(main())
