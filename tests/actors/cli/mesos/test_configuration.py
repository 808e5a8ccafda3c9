from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from actors.cli.mesos.command import main
from actors.cli.mesos.configuration import Configuration, configuration
from actors.cli.parser import UsageError


def read(
    folder: Path, text: str | None, environment: Mapping[str, str] | None = None, **options: object
) -> Configuration:
    if text is not None:
        (folder / ".mesos").mkdir()
        (folder / ".mesos/config.toml").write_text(text)
    return configuration(argparse.Namespace(**options), {"HOME": str(folder), **(environment or {})})


def test_without_a_file_the_master_is_on_this_machine(tmp_path: Path) -> None:
    assert read(tmp_path, None) == Configuration(
        file=None, master="127.0.0.1:5050", master_from="the default", timeout_seconds=5.0, plugins=()
    )


def test_a_file_says_where_the_master_is_and_how_long_to_wait(tmp_path: Path) -> None:
    text = 'plugins = ["/a"]\n[master]\naddress = "h:1"\n[agent]\ntimeout = 7\nssl = false\n'
    found = read(tmp_path, text)
    path = str(tmp_path / ".mesos/config.toml")
    assert (found.file, found.master, found.master_from) == (path, "h:1", path)
    assert (found.timeout_seconds, found.plugins) == (7.0, ("/a",))


def test_a_file_may_name_zookeeper(tmp_path: Path) -> None:
    text = '[master.zookeeper]\naddresses = ["a:2181", "b:2181"]\npath = "/mesos"\n'
    assert read(tmp_path, text).master == "zk://a:2181,b:2181/mesos"


def test_options_come_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, '[master]\naddress = "h:1"', {"MESOS_MASTER": "h:2"})
    assert (found.master, found.master_from) == ("h:2", "MESOS_MASTER")
    found = read(tmp_path, None, {"MESOS_MASTER": "h:2"}, master="h:3", timeout=2.5)
    assert (found.master, found.master_from, found.timeout_seconds) == ("h:3", "--master", 2.5)


def test_the_environment_may_name_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    with pytest.raises(UsageError, match=r"other\.toml: no such file, though MESOS_CLI_CONFIG names it"):
        read(tmp_path, None, {"MESOS_CLI_CONFIG": str(other)})
    other.write_text('[master]\naddress = "h:4"')
    assert read(tmp_path, None, {"MESOS_CLI_CONFIG": str(other)}).master == "h:4"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x", "Expected '='"),
        ("master = 1", "master: must be a table"),
        ("[master]", "master: must have either address or zookeeper"),
        ('[master]\naddress = "h:1"\nzookeeper = {}', "master: must have either address or zookeeper"),
        ("[master]\naddress = 1", "master.address: must be a string"),
        ("[master]\nzookeeper = 1", "master.zookeeper.addresses: must be a list of host:port"),
        ("[master.zookeeper]\naddresses = [1]", "master.zookeeper.addresses: must be a list"),
        ('[master.zookeeper]\naddresses = ["a"]\npath = "x"', "master.zookeeper.path: must begin with /"),
        ("agent = 1", "agent: must be a table"),
        ("[agent]\ntimeout = true", "agent.timeout: must be a number of seconds"),
        ('plugins = "x"', "plugins: must be a list of paths"),
    ],
)
def test_a_wrong_file_is_named_with_the_rule(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path}/.mesos/config.toml: {rule}")


def test_the_configuration_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MESOS_CLI_CONFIG", raising=False)
    assert main(["config", "show", "--master=h:1", "--timeout=2"]) == 0
    assert capsys.readouterr().out == "file     none\nmaster   h:1 (by --master)\ntimeout  2 seconds\n"
    assert main(["--json", "config", "show", "--master=h:1"]) == 0
    assert json.loads(capsys.readouterr().out)["master"] == "h:1"
    assert main(["config", "plugins"]) == 0
    assert capsys.readouterr().out == "There are no plugins.\n"
    (tmp_path / ".mesos").mkdir()
    (tmp_path / ".mesos/config.toml").write_text('plugins = ["/a"]')
    assert main(["config", "plugins"]) == 0
    assert capsys.readouterr().out == "/a (not loaded)\n"
    assert main(["config", "plugins", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ["/a"]
