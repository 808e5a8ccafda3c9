"""Flags read as Mesos' do: from the command line, the environment and files, by one declaration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from actors.flags import FlagError, Flags, Missing, as_text, flag, help_text, load, required
from actors.units import Bytes, Duration


class AgentFlags(Flags):
    """An agent runs tasks.

    Many of them.
    """

    work_dir: Path = required("Where sandboxes live.")
    port: int = flag(5051, "Port to listen on.", check=lambda port: None if port > 0 else "must be positive")
    checkpoint: bool = flag(True, "Whether to survive restarts.")
    gc_delay: Duration = flag(Duration.parse("1weeks"), "How long sandboxes stay.", aliases=["gc_wait"])
    cache_size: Bytes | None = flag(None, "How much the fetcher keeps.")
    attributes: str | None = flag(None, "What the agent is like.")
    actor: tuple[str, ...] = flag((), "An actor to start.")


def agent_flags(*arguments: str, **environment: str) -> AgentFlags:
    return load(AgentFlags, ["--work_dir=w", *arguments], environment, prefix="MESOS_")


def refusal(*arguments: str, **environment: str) -> str:
    with pytest.raises(FlagError) as raised:
        load(AgentFlags, arguments, environment, prefix="MESOS_")
    return str(raised.value)


def test_what_is_not_given_has_its_default() -> None:
    flags = agent_flags()
    assert flags == AgentFlags(work_dir=Path("w"))
    assert (flags.port, flags.checkpoint, flags.cache_size) == (5051, True, None)


def test_a_value_stands_behind_an_equals_sign_or_a_blank() -> None:
    assert agent_flags("--port=1").port == 1
    assert agent_flags("--port", "1").port == 1
    assert agent_flags("--attributes=a=b").attributes == "a=b"
    assert agent_flags("--attributes=").attributes == ""


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("--checkpoint", True),
        ("--no-checkpoint", False),
        ("--checkpoint=false", False),
        ("--checkpoint=1", True),
    ],
)
def test_a_boolean_is_named_denied_or_given(form: str, value: bool) -> None:
    assert agent_flags(form).checkpoint is value


def test_values_have_the_declared_type() -> None:
    flags = agent_flags("--gc_delay=2days", "--cache_size=2GB")
    assert flags.gc_delay == Duration.of(2 * 86400)
    assert flags.cache_size == Bytes(2**31)


def test_a_list_is_given_by_repeating_the_flag() -> None:
    assert agent_flags("--actor=a", "--actor", "b,c").actor == ("a", "b,c")


def test_an_alias_is_another_name_of_the_flag() -> None:
    assert agent_flags("--gc_wait=1hrs").gc_delay == Duration.of(3600)
    assert agent_flags(MESOS_GC_WAIT="1hrs").gc_delay == Duration.of(3600)


def test_the_environment_counts_where_the_command_line_is_silent() -> None:
    assert agent_flags(MESOS_PORT="7").port == 7
    assert agent_flags("--port=8", MESOS_PORT="7").port == 8
    assert agent_flags(MESOS_ACTOR="a b").actor == ("a", "b")
    assert agent_flags(PORT="7", MESOS_UNKNOWN="1").port == 5051


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("7\n")
    assert agent_flags(f"--port=file://{tmp_path}/port").port == 7
    assert agent_flags(MESOS_PORT=f"file://{tmp_path}/port").port == 7


def test_a_flag_that_is_a_path_is_not_read() -> None:
    assert load(AgentFlags, ["--work_dir=file:///w"], {}, prefix="").work_dir == Path("/w")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "--work_dir: must be given (or MESOS_WORK_DIR in the environment)"),
        (["--wrok_dir=w"], "--wrok_dir: no such flag; did you mean --work_dir?"),
        (["--no-chekpoint"], "--no-chekpoint: no such flag; did you mean --no-checkpoint?"),
        (["--no-port"], "--no-port: no such flag; did you mean --port?"),
        (["--xyz"], "--xyz: no such flag; --help lists them"),
        (["--no-checkpoint=true"], "--no-checkpoint: takes no value"),
        (["--work_dir"], "--work_dir: must have a value, as in --work_dir=value"),
        (["--work_dir", "--port=1"], "--work_dir: must have a value, as in --work_dir=value"),
        (["--port=x"], "--port: 'x': must be a whole number"),
        (["--port=0"], "--port=0: must be positive"),
        (["--port=1", "--port=2"], "--port: is given twice"),
        (["--gc_delay=1", "--gc_wait=2"], "--gc_wait: is given twice"),
        (["w"], "'w': not a flag; flags look like --name=value"),
        (["--port=file:///no/such/file"], "--port: [Errno 2] No such file or directory: '/no/such/file'"),
    ],
)
def test_a_mistake_is_answered_with_the_flag_and_the_rule(arguments: list[str], reason: str) -> None:
    assert refusal(*arguments, **({"MESOS_WORK_DIR": "w"} if arguments else {})) == reason


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    assert refusal(MESOS_WORK_DIR="w", MESOS_PORT="x") == "MESOS_PORT: 'x': must be a whole number"


def test_flags_are_immutable() -> None:
    with pytest.raises(AttributeError):
        agent_flags().port = 1  # type: ignore[misc]


def test_flags_show_as_text_but_for_those_that_are_unset() -> None:
    assert as_text(agent_flags("--no-checkpoint", "--actor=a", "--actor=b")) == {
        "work_dir": "w",
        "port": "5051",
        "checkpoint": "false",
        "gc_delay": "1weeks",
        "actor": "a,b",
    }


def test_help_tells_every_flag_with_its_form_and_default() -> None:
    text = help_text(AgentFlags, "agent [flags]", prefix="MESOS_")
    assert text.startswith("Usage: agent [flags]\n\nAn agent runs tasks.\n\nMany of them.\n")
    for line in (
        "--work_dir=PATH      Where sandboxes live. (required)",
        "--port=NUMBER        Port to listen on. (default: 5051)",
        "--[no-]checkpoint    Whether to survive restarts. (default: true)",
        "--gc_delay=DURATION  How long sandboxes stay. (default: 1weeks; also: --gc_wait)",
        "--cache_size=BYTES   How much the fetcher keeps.",
        "--actor=TEXT         An actor to start. (may be repeated)",
        "MESOS_NAME",
    ):
        assert line in text


def test_help_stays_within_the_screen() -> None:
    assert max(map(len, help_text(AgentFlags, "agent", prefix="M_", columns=60).splitlines()[8:-2])) <= 60


def test_flags_of_a_daemon_may_build_on_those_of_another() -> None:
    class SpecialFlags(AgentFlags):
        """A special agent."""

        special: bool = flag(False, "Whether it is.")

    assert load(SpecialFlags, ["--special", "--work_dir=w"], {}, prefix="").special


class Partial(Flags):
    """Some of it is there."""

    missing: ClassVar[Mapping[str, Missing]] = {
        "credentials": Missing("there is no authentication yet"),
        "authenticate": Missing("there is no authentication yet", "false"),
        "isolation": Missing("nothing is isolated", "posix"),
    }

    port: int = flag(1, "Where to listen.")


@pytest.mark.parametrize("words", [["--credentials=x"], ["--credentials", "x"], ["--no-credentials"]])
def test_a_flag_whose_feature_is_missing_is_refused_and_says_why(words: list[str]) -> None:
    with pytest.raises(FlagError, match=r"credentials: is not supported: there is no authentication yet"):
        load(Partial, words, {}, prefix="X_")


def test_a_missing_flag_in_the_environment_is_refused_too() -> None:
    with pytest.raises(FlagError, match="X_CREDENTIALS: is not supported"):
        load(Partial, [], {"X_CREDENTIALS": "x"}, prefix="X_")


def test_the_help_names_what_is_missing() -> None:
    assert "--credentials" in help_text(Partial, "partial", prefix="X_")


def test_a_missing_flag_may_ask_for_what_is_so_anyway() -> None:
    words = ["--no-authenticate", "--authenticate=false", "--isolation", "posix", "--port=2"]
    assert load(Partial, words, {"X_AUTHENTICATE": "false"}, prefix="X_").port == 2


@pytest.mark.parametrize("word", ["--authenticate", "--authenticate=true", "--isolation=cgroups/cpu"])
def test_and_for_nothing_else(word: str) -> None:
    with pytest.raises(FlagError, match=r"is not supported: .* \(only \w+ is accepted\)"):
        load(Partial, [word], {}, prefix="X_")
