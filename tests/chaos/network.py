"""Hosts with addresses of their own: network namespaces on a switch, whose links can be cut.

The switch is a bridge in a namespace of its own too, so that nothing of it is seen by the machine's firewall.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from tests.chaos.slot import NAMESPACES, Slot, uplink

_SETTINGS = (
    # Nothing here speaks IPv6, and waiting for its addresses takes time.
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
)


class Way(StrEnum):
    """How a link is cut, as seen from the first of its ends."""

    #: Packets vanish, in both directions.
    DROP = "drop"
    #: Every packet is answered by a reset, at both ends.
    RESET = "reset"
    #: What others send vanishes; what it sends arrives.
    DEAF = "deaf"
    #: What it sends vanishes; what others send arrives.
    MUTE = "mute"
    #: What exists goes on, and nothing new is connected.
    NEW = "new"


#: The chain, which address is the other's, and what else stands in the rule.
_Rule = tuple[str, str, tuple[str, ...]]
_DROP = ("-j", "DROP")
# A reset that this host sends itself comes in by the name of the other, and is let through.
_REJECT = ("-p", "tcp", "--tcp-flags", "RST", "NONE", "-j", "REJECT", "--reject-with", "tcp-reset")
_RULES: dict[Way, tuple[_Rule, ...]] = {
    Way.DROP: (("INPUT", "-s", _DROP), ("OUTPUT", "-d", _DROP)),
    Way.RESET: (("INPUT", "-s", _REJECT), ("OUTPUT", "-d", _REJECT)),
    Way.DEAF: (("INPUT", "-s", _DROP),),
    Way.MUTE: (("OUTPUT", "-d", _DROP),),
    Way.NEW: (
        ("INPUT", "-s", ("-p", "tcp", "--syn", *_DROP)),
        ("OUTPUT", "-d", ("-p", "tcp", "--syn", *_DROP)),
    ),
}


class Host:
    """A network namespace with one address."""

    def __init__(self, name: str, namespace: str, address: str) -> None:
        self.name = name
        self.namespace = namespace
        self.address = address

    def __repr__(self) -> str:
        return self.name

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before a command that is to run on this host; the process that it names is the command's own."""
        return ("nsenter", f"--net={NAMESPACES / self.namespace}")

    def run(self, *words: str) -> None:
        _run(*self.prefix, *words)


class Cut:
    """A link between one host and others that is broken in some way until it is healed."""

    def __init__(self, host: Host, others: Sequence[Host], way: Way) -> None:
        self._host = host
        self._rules = [
            (chain, (flag, other.address, *rest)) for other in others for chain, flag, rest in _RULES[way]
        ]
        self._there = False

    def apply(self) -> None:
        if not self._there:
            self._change("-I")
            self._there = True

    def heal(self) -> None:
        if self._there:
            self._change("-D")
            self._there = False

    def _change(self, how: str) -> None:
        for chain, rule in self._rules:
            self._host.run("iptables", "-w", how, chain, *rule)


class Network:
    """A switch, the hosts behind it, and this process' own way to them."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._switch = f"{slot.prefix}switch"
        self._range = f"10.213.{slot.number}"
        self._hosts = 0
        self._uplink = uplink(slot.number)
        #: Where hosts reach this process.
        self.own_address = f"{self._range}.1"
        _run("ip", "netns", "add", self._switch)
        self._set(self._switch)
        _run("ip", "-n", self._switch, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        _run("ip", "-n", self._switch, "link", "set", "bridge", "up")
        self._connect("uplink", self._uplink, None)
        _run("ip", "addr", "add", f"{self.own_address}/24", "dev", self._uplink)
        _run("ip", "link", "set", self._uplink, "up")

    def host(self, name: str) -> Host:
        """Add a host."""
        self._hosts += 1
        host = Host(name, self._slot.prefix + name, f"{self._range}.{10 + self._hosts}")
        _run("ip", "netns", "add", host.namespace)
        self._set(host.namespace)
        self._connect(name, "eth0", host.namespace)
        inside = ("ip", "-n", host.namespace)
        _run(*inside, "addr", "add", f"{host.address}/24", "dev", "eth0")
        _run(*inside, "link", "set", "eth0", "up")
        _run(*inside, "link", "set", "lo", "up")
        return host

    def _connect(self, port: str, name: str, namespace: str | None) -> None:
        """Plug a cable into the switch, whose other end is `name` in that namespace, or on this machine."""
        where = ("netns", namespace) if namespace else ("netns", str(os.getpid()))
        inside = ("ip", "-n", self._switch, "link")
        _run(*inside, "add", port, "type", "veth", "peer", "name", name, *where)
        _run(*inside, "set", port, "master", "bridge", "up")

    def _set(self, namespace: str) -> None:
        lines = "; ".join(
            f"test ! -e /proc/sys/{path} || echo {value} > /proc/sys/{path}" for path, value in _SETTINGS
        )
        _run("nsenter", f"--net={NAMESPACES / namespace}", "sh", "-c", lines)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")


def mount_small_disk(folder: Path, image: Path, megabytes: int) -> None:
    """Give a folder a file system of its own, of that size."""
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", str(image))
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-o", "loop", str(image), str(folder))
