"""What this process may do to keep containers from the host; much of it only root may."""

from __future__ import annotations

import msgspec

from containerizers.linux import capabilities
from containerizers.spec import Isolation

_ADMINISTRATOR = capabilities.mask(("sys_admin",))
_SWITCHER = capabilities.mask(("setuid", "setgid", "setpcap"))


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What it may do, beside control groups."""

    #: New namespaces, and mounts in them.
    makes_namespaces: bool
    switches_users: bool

    @classmethod
    def own(cls) -> Abilities:
        """Those of this process."""
        held = capabilities.own().permitted
        return cls(
            makes_namespaces=held & _ADMINISTRATOR == _ADMINISTRATOR,
            switches_users=held & _SWITCHER == _SWITCHER,
        )

    def left_out(self) -> tuple[str, ...]:
        """What containers go without, a sentence each."""
        left = []
        if not self.makes_namespaces:
            left.append("namespaces, mounts, hidden folders and a /tmp of its own: only root can make them")
        if not self.switches_users:
            left.append("users and capabilities: all programs run as the user of this process")
        return tuple(left)

    def reduce(self, isolation: Isolation) -> Isolation:
        """What of it can be done."""
        if not self.makes_namespaces:
            isolation = msgspec.structs.replace(
                isolation,
                namespaces=(),
                hostname=None,
                shm_bytes=None,
                mounts=(),
                private_tmp=False,
                hidden=(),
                devices=None,
            )
        if not self.switches_users:
            isolation = msgspec.structs.replace(
                isolation,
                effective_capabilities=None,
                bounding_capabilities=None,
                # Only who can take nothing back may filter what it calls.
                no_new_privileges=isolation.no_new_privileges or isolation.seccomp is not None,
            )
        return isolation
