from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from containerizers.linux.abilities import Abilities
from containerizers.linux.clone import NAMESPACES, PID
from containerizers.linux.order import Order, receive, send
from containerizers.linux.orders import order
from containerizers.program import Identity, StartError, Streams
from containerizers.spec import Isolation, RLimit, Spec

ABLE = Abilities(makes_namespaces=True, switches_users=True)
NOBODY = Streams(-3, -3, -3)


def ordered(
    isolation: Isolation | None = None,
    identity: Identity | None = None,
    around: int | None = None,
    abilities: Abilities = ABLE,
    **others: object,
) -> Order:
    spec = Spec(arguments=("true",), directory="/", isolation=isolation, **others)  # type: ignore[arg-type]
    return order(spec, {"MARK": "one"}, identity, NOBODY, abilities, around=around, open_files=None)


def test_namespaces_are_made_as_they_are_asked_for() -> None:
    assert ordered().namespaces == ordered().entered == 0
    made = ordered(Isolation(namespaces=("pid", "uts"), hostname="here"))
    assert made.namespaces == PID | NAMESPACES["uts"]
    assert made.hostname == "here"
    assert made.entered == 0


def test_a_nested_one_enters_those_that_it_does_not_make() -> None:
    nested = ordered(Isolation(namespaces=("pid", "mount")), around=os.getpid())
    assert nested.namespaces == PID | NAMESPACES["mount"]
    assert nested.entered == NAMESPACES["uts"] | NAMESPACES["ipc"] | NAMESPACES["net"]


def test_one_inside_another_makes_none_and_mounts_nothing() -> None:
    wanted = Isolation(
        namespaces=("pid", "mount", "uts"),
        hostname="here",
        private_tmp=True,
        rlimits=(RLimit(name="nofile", soft=10, hard=10),),
        no_new_privileges=True,
    )
    inside = ordered(wanted, around=os.getpid(), inside=True)
    assert (inside.namespaces, inside.hostname, inside.mounts) == (0, None, ())
    assert inside.entered & PID
    assert inside.no_new_privileges
    assert len(inside.rlimits) == 1


def test_who_may_not_make_them_makes_none() -> None:
    wanted = Isolation(namespaces=("pid", "mount", "uts"), hostname="here", private_tmp=True)
    made = ordered(wanted, abilities=Abilities(makes_namespaces=False, switches_users=False))
    assert (made.namespaces, made.hostname, made.mounts) == (0, None, ())


def test_the_marks_are_added_to_the_environment() -> None:
    assert dict(ordered(environment={"A": "b"}).environment) == {"A": "b", "MARK": "one"}


def test_a_user_is_passed_on_with_all_groups() -> None:
    assert ordered(identity=Identity(1, 2, (3, 4))).user == (1, 2, (3, 4))
    assert ordered().user is None


@pytest.mark.parametrize(
    ("isolation", "reason"),
    [
        (Isolation(namespaces=("time",)), "namespaces: there is none 'time'; there are .*pid"),
        (Isolation(hostname="here"), "hostname: needs a namespace uts"),
        (Isolation(bounding_capabilities=("fly",)), "bounding_capabilities: there is no capability 'fly'"),
        (Isolation(rlimits=(RLimit(name="fun", soft=1, hard=1),)), "rlimits"),
        (Isolation(seccomp="/no/such"), "/no/such"),
    ],
)
def test_what_nobody_can_do_is_refused(isolation: Isolation, reason: str) -> None:
    with pytest.raises((StartError, OSError), match=reason):
        ordered(isolation)


# On their way.


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_an_order_arrives_with_its_descriptors() -> None:
    sent = ordered(environment={"ODD": os.fsdecode(b"\xff")})._replace(seccomp=bytes(range(256)))
    with connected() as (one, other), open(os.devnull) as file:  # noqa: PTH123  a descriptor is wanted
        send(one, sent, (file.fileno(), one.fileno()))
        received = receive(other)
        assert received is not None
        content, descriptors = received
        arrived = Order(*content)
        assert len(descriptors) == 2
        assert all(not os.get_inheritable(descriptor) for descriptor in descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
    assert arrived.seccomp == sent.seccomp
    assert [tuple(pair) for pair in arrived.environment] == list(sent.environment)
    assert arrived.namespaces == sent.namespaces


def test_the_end_of_a_connection_is_told_wherever_it_comes() -> None:
    with connected() as (one, other):
        one.close()
        assert receive(other) is None
    with connected() as (one, other):
        one.sendall(b"\xff\0")
        one.close()
        assert receive(other) is None
