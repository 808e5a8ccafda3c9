"""Actors are named by module and class, and their settings read as the class' annotations say."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from actors.node.plugin import GROUP, PluginError, load, parse, parse_parts
from actors.process import Process
from actors.units import Duration
from transport.messages.node import SpawnActor
from transport.pid import Pid


class Plugged(Process):
    def __init__(  # type: ignore[no-untyped-def]
        self,
        peers: tuple[Pid, ...],
        count: int = 1,
        rate: float = 0.5,
        wait: Duration | None = None,
        loud: bool = False,
        note: str = "",
        untyped="",
        table: dict[str, str] = {},  # noqa: B006
    ) -> None:
        self.settings = (peers, count, rate, wait, loud, note, untyped)
        self.table = table

    class Inner(Process):
        pass


class NoProcess:
    pass


def made(text: str) -> Process:
    return load(parse(text))()


def refusal(text: str) -> str:
    with pytest.raises(PluginError) as raised:
        load(parse(text))
    return str(raised.value)


def test_an_actor_is_a_name_a_class_and_settings() -> None:
    assert parse("a=m.n:C") == SpawnActor("a", "m.n:C", {})
    assert parse("a=m:C,x=1,y=b=c,z=") == SpawnActor("a", "m:C", {"x": "1", "y": "b=c", "z": ""})
    assert parse_parts(["a=m:C", "x=1,y=2"]) == SpawnActor("a", "m:C", {"x": "1,y=2"})


def test_a_list_in_a_setting_needs_no_quotes() -> None:
    assert parse("a=m:C,peers=a@h:1,b@h:2,count=3").settings == {"peers": "a@h:1,b@h:2", "count": "3"}


def test_settings_have_the_types_that_the_constructor_names() -> None:
    process = made(
        f"a={__name__}:Plugged,peers=a@h:1,b@h:2,count=3,rate=2,wait=5mins,loud=true,note=x,untyped=y"
    )
    assert isinstance(process, Plugged)
    peers = (Pid("a", "h", 1), Pid("b", "h", 2))
    assert process.settings == (peers, 3, 2.0, Duration.of(300), True, "x", "y")


def test_settings_that_are_not_given_have_their_defaults() -> None:
    process = made(f"a={__name__}:Plugged,peers=")
    assert isinstance(process, Plugged)
    assert process.settings == ((), 1, 0.5, None, False, "", "")


def test_a_process_without_a_constructor_takes_no_setting() -> None:
    assert isinstance(made(f"a={__name__}:Plugged.Inner"), Plugged.Inner)
    assert refusal(f"a={__name__}:Plugged.Inner,x=1").endswith("has no such setting; there is none")


def test_the_maker_makes_a_new_process_for_each_life() -> None:
    make = load(parse(f"a={__name__}:Plugged.Inner"))
    assert make() is not make()


@pytest.mark.parametrize("text", ["", "a", "a=", "a=m:", "a=:C", "=m:C", "m:C"])
def test_an_actor_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(PluginError, match="must be name=module:Class"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a b=m:C", "actor name 'a b': must be 1 to 255 characters"),
        ("a=m:C,x=1,x=2", "actor a: setting x is given twice"),
        ("a=m:C,=2", "actor a: setting '=2' must be name=value"),
        ("a=m:C,x", "actor a: setting 'x' must be name=value"),
    ],
)
def test_a_setting_of_another_form_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PluginError) as raised:
        parse(text)
    assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "a=no_such_module:C",
            "actor a: no_such_module:C cannot be loaded: No module named 'no_such_module'",
        ),
        (f"a={__name__}:Missing", "has no attribute 'Missing'"),
        (f"a={__name__}:NoProcess", ":NoProcess is not a subclass of actors.process.Process"),
        (f"a={__name__}:PluginError", ":PluginError is not a subclass of actors.process.Process"),
        ("a=.:C", "actor a: .:C cannot be loaded"),
    ],
)
def test_a_class_that_cannot_be_plugged_in_is_refused(text: str, reason: str) -> None:
    assert reason in refusal(text)


def test_an_installed_package_may_give_its_actor_a_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("sleepy", "tests.actors.node.test_plugin:Plugged.Inner", GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == GROUP else [])
    assert isinstance(load(parse("a=sleepy"))(), Plugged.Inner)
    with pytest.raises(PluginError, match=r"no entry point slepy .*; installed: sleepy"):
        load(parse("a=slepy"))


def test_a_module_with_a_syntax_error_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugin_with_a_syntax_error.py").write_text("class")
    monkeypatch.syspath_prepend(tmp_path)
    assert "cannot be loaded: invalid syntax" in refusal("a=plugin_with_a_syntax_error:C")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("", "actor a: setting peers: must be given"),
        ("peers=,cuont=1", "actor a: setting cuont: Plugged has no such setting; did you mean count"),
        ("peers=,count=x", "actor a: setting count: 'x': must be a whole number"),
        ("peers=a", "actor a: setting peers: pid 'a': must be name@host:port"),
        (
            "peers=,table=x",
            "actor a: setting table: a value of type dict[str, str] cannot be given as text",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_answered_with_the_rule(settings: str, reason: str) -> None:
    text = f"a={__name__}:Plugged"
    assert refusal(f"{text},{settings}" if settings else text) == reason


def test_what_a_constructor_refuses_goes_to_who_makes_it() -> None:
    make = load(parse(f"a={__name__}:Picky,count=0"))
    with pytest.raises(ValueError, match="count: must be positive"):
        make()


class Picky(Process):
    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError("count: must be positive")
