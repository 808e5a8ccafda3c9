"""The command `pion` finds its commands, and answers every mistake with one line and status 2."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from actors import __version__
from actors.cli.pion import COMMANDS, main


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit status and the one line that stands on stderr."""
    status = main(words)
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return status, output.err.strip()


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",)])
def test_help_lists_every_command(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main(words) == 0
    text = capsys.readouterr().out
    assert all(f"  {name}" in text and command.help in text for name, command in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    if COMMANDS[name].is_daemon:
        assert main((name, "--help")) == 0
    else:
        with pytest.raises(SystemExit) as ended:
            main((name, "--help"))
        assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.lower().startswith((f"usage: pion {name}", f"usage: mesos-{name}"))
    assert (importlib.import_module(COMMANDS[name].module).__doc__ or "").strip()


@pytest.mark.parametrize("words", [("version",), ("--version",)])
def test_the_version_is_told(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(f"pion {__version__} (Python 3.")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "pion: no command; pion --help lists them"),
        (("actos",), "pion actos: no such command; did you mean actors?"),
        (("xyz",), "pion xyz: no such command; pion --help lists them"),
        (
            ("actors", "--node", "here"),
            "pion actors: --node: address 'here': must be host:port (pion actors --help tells more)",
        ),
        (
            ("actors", "--timeout=never"),
            (
                "pion actors: --timeout: duration 'never': must be a number and a unit (ns, us, ms, secs, "
                "mins, hrs, days or weeks), as in 15secs (pion actors --help tells more)"
            ),
        ),
        (
            ("actors", "--nod=h:1"),
            "pion actors: unrecognized arguments: --nod=h:1 (pion actors --help tells more)",
        ),
        (("stop",), "pion stop: give the NAME of an actor, or --whole_node"),
        (("stop", "a", "--whole_node"), "pion stop: give the NAME of an actor, or --whole_node"),
        (("spawn", "a"), "pion spawn: actor 'a': must be name=module:Class, or name=entry point"),
        (("spawn", "a=m:C", "x"), "pion spawn: actor a: setting 'x' must be name=value"),
        (("node", "--actr=a=m:C"), "pion node: --actr: no such flag; did you mean --actor?"),
        (
            ("node", "--actor=a"),
            "pion node: --actor: actor 'a': must be name=module:Class, or name=entry point",
        ),
        (("node", "--actor=a=m:C", "--actor=a=m:D"), "pion node: --actor: actor a is given twice"),
        (
            ("node", "--secret_file=/no/such"),
            "pion node: --secret_file: secret file /no/such: No such file or directory",
        ),
        (
            ("actors", "--secret_file=/no/such"),
            "pion actors: --secret_file: secret file /no/such: No such file or directory",
        ),
    ],
)
def test_a_mistake_is_answered_with_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    assert failure(capsys, *words) == (2, line)


def test_what_the_machine_refuses_is_told_without_a_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert failure(capsys, "node", f"--work_dir={file}") == (1, f"pion node: {file}: File exists")


def test_a_node_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    # Nothing listens on port 1 of this machine.
    status, line = failure(capsys, "actors", "--node=127.0.0.1:1", "--timeout=20secs")
    assert status == 1
    assert line.startswith("pion actors: node@127.0.0.1:1 ")


@pytest.mark.parametrize("host", ["no.such.host.invalid", 64 * "a"])
def test_a_host_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str], host: str) -> None:
    status, line = failure(capsys, "actors", f"--node={host}:1")
    assert status == 1
    assert line.startswith(f"pion actors: there is no way to {host}:1: ")
