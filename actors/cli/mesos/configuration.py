"""Where the master is, and how long to wait: options, environment, and ~/.mesos/config.toml.

plugins = []             # taken for compatibility: there are none

[master]
address = "10.0.0.1:5050"
# or
[master.zookeeper]
addresses = ["10.0.0.1:2181", "10.0.0.2:2181"]
path = "/mesos"

[agent]
timeout = 5              # seconds that any daemon has to answer
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.cli.parser import UsageError

#: Names another file.
CONFIG_VARIABLE: Final = "MESOS_CLI_CONFIG"
MASTER_VARIABLE: Final = "MESOS_MASTER"
_DEFAULT_MASTER: Final = "127.0.0.1:5050"
_DEFAULT_TIMEOUT_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 3_600.0
_NOTHING: Final[Mapping[str, Any]] = {}


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What a command goes by."""

    #: The file that was read; None if there is none.
    file: str | None
    #: zk://…, host:port or file:///…, and who says so.
    master: str
    master_from: str
    timeout_seconds: float
    plugins: tuple[str, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes that asks a cluster; what is not given stays unset."""
    parser.add_argument(
        "--master",
        metavar="MASTER",
        default=argparse.SUPPRESS,
        help="zk://host:port,…/path, host:port of any master, or file:///path of such a word "
        f"(default: {MASTER_VARIABLE} in the environment, the configuration file, or {_DEFAULT_MASTER})",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=argparse.SUPPRESS,
        help=f"how long a daemon may take to answer (default: {_DEFAULT_TIMEOUT_SECONDS:g})",
    )
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")


def configuration(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Configuration:
    """Put it together; raises UsageError naming the file and the rule."""
    path = Path(environment.get(CONFIG_VARIABLE) or Path(environment.get("HOME", "/")) / ".mesos/config.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if CONFIG_VARIABLE in environment:
            raise UsageError(f"{path}: no such file, though {CONFIG_VARIABLE} names it") from None
        file, values = None, _NOTHING
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'must be UTF-8'}") from None
    else:
        file, values = str(path), _parsed(path, text)
    reading = _Reading(path, values)
    master, master_from = reading.master()
    if given := getattr(arguments, "master", None) or environment.get(MASTER_VARIABLE):
        master, master_from = given, "--master" if hasattr(arguments, "master") else MASTER_VARIABLE
    timeout_seconds = getattr(arguments, "timeout", None)
    if timeout_seconds is None:
        timeout_seconds = reading.timeout_seconds()
    if not 0 < timeout_seconds <= _LONGEST_SECONDS:
        raise UsageError(f"--timeout: must be more than 0 and at most {_LONGEST_SECONDS:g} seconds")
    return Configuration(
        file=file,
        master=master,
        master_from=master_from,
        timeout_seconds=timeout_seconds,
        plugins=reading.plugins(),
    )


def configuration_of(arguments: argparse.Namespace) -> Configuration:
    """The same, of this process' environment."""
    return configuration(arguments, os.environ)


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from None


class _Reading:
    def __init__(self, path: Path, values: Mapping[str, Any]) -> None:
        self._path = path
        self._values = values

    def master(self) -> tuple[str, str]:
        master = self._table("master")
        if master is None:
            return _DEFAULT_MASTER, "the default"
        address, zookeeper = master.get("address"), master.get("zookeeper")
        if (address is None) == (zookeeper is None):
            raise self._error("master: must have either address or zookeeper")
        if address is not None:
            if not isinstance(address, str):
                raise self._error("master.address: must be a string")
            return address, str(self._path)
        return self._zookeeper(zookeeper), str(self._path)

    def timeout_seconds(self) -> float:
        seconds = (self._table("agent") or {}).get("timeout", _DEFAULT_TIMEOUT_SECONDS)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise self._error("agent.timeout: must be a number of seconds")
        return float(seconds)

    def plugins(self) -> tuple[str, ...]:
        plugins = self._values.get("plugins", [])
        if not isinstance(plugins, list) or not all(isinstance(one, str) for one in plugins):
            raise self._error("plugins: must be a list of paths")
        return tuple(plugins)

    def _zookeeper(self, told: object) -> str:
        addresses = told.get("addresses") if isinstance(told, dict) else None
        path = told.get("path") if isinstance(told, dict) else None
        if not isinstance(addresses, list) or not all(isinstance(one, str) for one in addresses):
            raise self._error("master.zookeeper.addresses: must be a list of host:port")
        if not isinstance(path, str) or not path.startswith("/") or len(path) < 2:
            raise self._error("master.zookeeper.path: must begin with / and go on, as in /mesos")
        return f"zk://{','.join(addresses)}{path}"

    def _table(self, name: str) -> Mapping[str, Any] | None:
        table = self._values.get(name)
        if table is not None and not isinstance(table, dict):
            raise self._error(f"{name}: must be a table, [{name}]")
        return table

    def _error(self, text: str) -> UsageError:
        return UsageError(f"{self._path}: {text}")
