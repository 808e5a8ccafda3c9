"""Capabilities: their names, and the sets that a container's program gets (mesos-features.md §8, §9)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from containerizers.spec import Isolation

#: In the order of their numbers, from 0 on.
NAMES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid"),
    *("setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw"),
    *("ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct"),
    *("sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod"),
    *("lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog"),
    *("wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"),
)
#: What programs of root need that are kept to their container; without raw packets, which can be forged.
DEFAULT = (
    *("audit_write", "chown", "dac_override", "fowner", "fsetid", "kill", "mknod", "net_bind_service"),
    *("setfcap", "setgid", "setpcap", "setuid", "sys_chroot"),
)
_NUMBERS = {name: number for number, name in enumerate(NAMES)}


class CapabilityError(Exception):
    """Capabilities that nobody has heard of, or that cannot be given; the text names field and rule."""


class Sets(NamedTuple):
    """The sets of a process, each a mask of bits; a plain tuple for who takes them on."""

    effective: int
    inheritable: int
    bounding: int
    ambient: int
    #: Whether root has no capabilities only because it is root: else it gets all that bound it at `exec`.
    without_root: bool = False

    @property
    def permitted(self) -> int:
        """What a program may make effective: what is."""
        return self.effective


class Own(NamedTuple):
    """What the process has that makes the container."""

    permitted: int
    bounding: int


def own(path: Path = Path("/proc/self/status")) -> Own:
    """What this process has."""
    fields = status(path)
    return Own(int(fields["CapPrm"], 16), int(fields["CapBnd"], 16))


def status(path: Path) -> dict[str, str]:
    """What the kernel says of a process, by the names of proc(5); raises OSError."""
    # The name, in its first line, may hold anything but a new line.
    text = path.read_text(encoding="utf-8", errors="replace")
    return {name: value for name, _, value in (line.partition(":\t") for line in text.splitlines())}


def mask(names: Iterable[str], field: str = "capabilities") -> int:
    """The bits of capabilities; raises CapabilityError for a name that there is not."""
    bits = 0
    for name in names:
        if name not in _NUMBERS:
            raise CapabilityError(f"{field}: there is no capability {name!r}")
        bits |= 1 << _NUMBERS[name]
    return bits


def names(bits: int) -> tuple[str, ...]:
    """The capabilities of a mask, in the order of their numbers; one without a name is its number."""
    numbers = (number for number in range(bits.bit_length()) if bits >> number & 1)
    return tuple(NAMES[number] if number < len(NAMES) else str(number) for number in numbers)


def plan(isolation: Isolation, is_root: bool, mine: Own) -> Sets | None:
    """What a container's first program gets; None where it is left as it is. Raises CapabilityError.

    Without a bounding set, the effective one bounds it. Without an effective set, root gets what bounds it,
    and another user nothing; with one, both get just that, which `exec` keeps since it is ambient.
    """
    asked = isolation.effective_capabilities
    bounds = isolation.bounding_capabilities
    if asked is None and bounds is None:
        return None
    effective = None if asked is None else mask(asked, "effective_capabilities")
    bounding = mask(asked or (), "") if bounds is None else mask(bounds, "bounding_capabilities")
    if effective is None:
        effective = mine.permitted & bounding if is_root else 0
    if beyond := effective & ~bounding:
        raise CapabilityError(
            f"effective_capabilities: {_list(beyond)} must be in bounding_capabilities, too"
        )
    if lacking := effective & ~(mine.permitted & mine.bounding):
        raise CapabilityError(f"effective_capabilities: {_list(lacking)} cannot be given: the agent lacks it")
    bounding &= mine.bounding
    if is_root and effective == bounding:
        return Sets(effective, 0, bounding, 0)
    return Sets(effective, effective, bounding, effective, without_root=is_root)


def _list(bits: int) -> str:
    return ", ".join(names(bits))
