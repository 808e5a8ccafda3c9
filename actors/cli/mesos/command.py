"""The command `mesos`: finds the command that is meant."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final, NamedTuple

from actors import MESOS_VERSION, __version__
from actors.cli.ending import ending
from actors.cli.mesos import configuration
from actors.cli.parser import Parser, UsageError

#: Options that may stand before a command and have their value in the next word.
_WITH_VALUE: Final = ("--master", "--timeout")
_HELP: Final = ("--help", "-h")


class Command(NamedTuple):
    """A command; its module is imported when it is called for."""

    module: str
    help: str
    #: Whether it asks a cluster.
    asks: bool = True


class Group(NamedTuple):
    """Commands about one thing."""

    help: str
    commands: Mapping[str, Command]


def _command(name: str, text: str, *, asks: bool = True) -> Command:
    return Command(f"actors.cli.mesos.{name}", text, asks)


COMMANDS: Final[Mapping[str, Group | Command]] = {
    "agent": Group("the agents of the cluster", {"list": _command("agent_list", "list the agents")}),
    "config": Group(
        "the configuration of this command",
        {
            "show": _command("config_show", "show it, and where it comes from"),
            "plugins": _command("config_plugins", "show the plugins that it names"),
        },
    ),
    "framework": Group(
        "the frameworks of the cluster",
        {
            "list": _command("framework_list", "list the frameworks"),
            "inspect": _command("framework_inspect", "tell all that is known of one"),
            "teardown": _command("framework_teardown", "end one and all its tasks"),
        },
    ),
    "sandbox": Group(
        "the files of tasks",
        {
            "ls": _command("sandbox_ls", "list the files of a task"),
            "cat": _command("sandbox_cat", "print files of a task"),
            "tail": _command("sandbox_tail", "print the end of a file, and what comes to it"),
        },
    ),
    "state": _command("state", "tell how the cluster is doing"),
    "task": Group(
        "the tasks of the cluster",
        {
            "list": _command("task_list", "list the running tasks"),
            "inspect": _command("task_inspect", "tell all that is known of one"),
            "exec": _command("task_exec", "run a command in a task's container"),
            "attach": _command("task_attach", "attach this terminal to a task"),
        },
    ),
    "completion": _command("completion", "print what completes these commands in a shell", asks=False),
    "complete": _command("complete", "list what may follow some words, for a shell", asks=False),
}


def main(words: Sequence[str] | None = None) -> int:
    """Be the program `mesos`; returns the exit status."""
    return ending("mesos", lambda: _run(list(sys.argv[1:] if words is None else words)))


def run_module(module: ModuleType, program: str, words: Sequence[str], *, asks: bool = True) -> int:
    """Run one command; raises UsageError or CommandError."""
    parser = Parser(prog=program, description=module.__doc__, allow_abbrev=False)
    if asks:
        configuration.configure(parser)
    module.configure(parser)
    status: int = module.run(parser.parse_args(words))
    sys.stdout.flush()
    return status


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    at = _command_at(words)
    options, words = words[:at], words[at:]
    if "--version" in options:
        print(f"mesos (pion {__version__}, as of Mesos {MESOS_VERSION})")
        return 0
    if not words or any(word in _HELP for word in options):
        print(_overview("", "Ask a Mesos cluster, and change it.", COMMANDS))
        return 0 if words or options else 2
    name, found = words[0], _find(words[0], "", COMMANDS)
    if isinstance(found, Group):
        if len(words) < 2 or words[1] in _HELP:
            print(_overview(f"{name} ", f"Commands for {found.help}.", found.commands))
            return 0 if len(words) > 1 else 2
        name, found, words = f"{name} {words[1]}", _find(words[1], f"{name} ", found.commands), words[1:]
    assert isinstance(found, Command)
    module = importlib.import_module(found.module)
    return run_module(module, f"mesos {name}", [*options, *words[1:]], asks=found.asks)


def _command_at(words: Sequence[str]) -> int:
    """Where the command's name stands: behind the options that any command takes."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _WITH_VALUE else 1
    return min(at, len(words))


def _find(name: str, within: str, commands: Mapping[str, Group | Command]) -> Group | Command:
    found = commands.get(name)
    if found is None:
        close = difflib.get_close_matches(name, commands, n=1)
        hint = f"did you mean {within}{close[0]}?" if close else f"mesos {within}--help lists them"
        raise UsageError(f"{within}{name}: no such command; {hint}")
    return found


def _overview(within: str, text: str, commands: Mapping[str, Group | Command]) -> str:
    lines = "\n".join(f"  {name:<11} {one.help}" for name, one in commands.items() if name != "complete")
    return (
        f"Usage: mesos {within}COMMAND …\n\n{text}\n\nCommands:\n{lines}\n\n"
        f"mesos {within}COMMAND --help tells more about one."
    )


if __name__ == "__main__":
    sys.exit(main())
