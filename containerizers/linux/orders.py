"""What the launcher's process is to do for a container."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import reduce
from operator import or_

import msgspec

from containerizers.linux import capabilities, mounts, rlimits
from containerizers.linux.abilities import Abilities
from containerizers.linux.clone import CGROUP, NAMESPACES
from containerizers.linux.inheritance import inherited
from containerizers.linux.order import Order
from containerizers.program import Identity, StartError, Streams
from containerizers.spec import Isolation, Spec

_ALL = reduce(or_, NAMESPACES.values())


def order(
    spec: Spec,
    marks: Mapping[str, str],
    identity: Identity | None,
    streams: Streams,
    abilities: Abilities,
    *,
    around: int | None,
    open_files: tuple[int, int] | None,
) -> Order:
    """Read a spec; raises StartError with what is wrong with it, or OSError.

    With a process of a container `around` it, namespaces that it does not ask for are those of that one; all
    are when it runs inside it, and then it may do no more than that process.
    """
    if not spec.arguments:
        raise StartError("arguments: must name a program")
    isolation = abilities.reduce(spec.isolation or Isolation())
    if spec.inside:
        isolation = _kept_by_another(isolation)
        if around is not None:
            isolation = inherited(isolation, around)
    is_root = os.geteuid() == 0 if identity is None else identity.user == 0
    terminal = "" if streams.console is None else streams.console.ends.terminal
    made = reduce(or_, map(_namespace, isolation.namespaces), 0)
    if isolation.hostname is not None and not made & NAMESPACES["uts"]:
        raise StartError("hostname: needs a namespace uts")
    try:
        own = capabilities.own()
        sets = capabilities.plan(isolation, is_root, own)
        held = (own.permitted & own.bounding if is_root else 0) if sets is None else sets.effective
        return Order(
            namespaces=made,
            entered=_ALL & ~CGROUP & ~made if around is not None else 0,
            hostname=isolation.hostname,
            mounts=tuple(mounts.plan(isolation, spec.directory, identity and identity[:2], terminal)),
            directory=_text(spec.directory),
            arguments=tuple(map(_text, spec.arguments)),
            environment=tuple(
                (_name(name), _text(value)) for name, value in {**spec.environment, **marks}.items()
            ),
            open_files=open_files,
            rlimits=tuple(rlimits.plan(isolation)),
            has_terminal=bool(terminal),
            user=identity and (*identity,),
            capabilities=sets and (*sets,),
            no_new_privileges=isolation.no_new_privileges,
            seccomp=_filter(isolation, capabilities.names(held)),
        )
    except (ValueError, capabilities.CapabilityError) as error:
        raise StartError(str(error)) from None


def _filter(isolation: Isolation, capability_names: tuple[str, ...]) -> bytes | None:
    """What the kernel asks at each system call."""
    if isolation.seccomp is None:
        return None
    from containerizers.linux import seccomp  # noqa: PLC0415  most nodes never need it

    return seccomp.compile_profile(isolation.seccomp, capability_names)


def _kept_by_another(isolation: Isolation) -> Isolation:
    """What keeps each process of its own from the host; the container around it does the rest."""
    return msgspec.structs.replace(
        Isolation(),
        rlimits=isolation.rlimits,
        effective_capabilities=isolation.effective_capabilities,
        bounding_capabilities=isolation.bounding_capabilities,
        no_new_privileges=isolation.no_new_privileges,
        seccomp=isolation.seccomp,
    )


def _namespace(name: str) -> int:
    if name not in NAMESPACES:
        raise StartError(f"namespaces: there is none {name!r}; there are {', '.join(NAMESPACES)}")
    return NAMESPACES[name]


def _text(text: str) -> str:
    if "\0" in text:
        raise StartError("arguments and environment: embedded null byte")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise StartError(f"arguments and environment: {error}") from None
    return text


def _name(text: str) -> str:
    if not text or "=" in text:
        raise StartError("arguments and environment: illegal environment variable name")
    return _text(text)
