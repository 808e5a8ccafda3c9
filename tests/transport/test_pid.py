import msgspec
import pytest

from transport.pid import Address, Pid


@pytest.mark.parametrize("text", ["master@10.0.0.1:5050", "agent(1)@host.example:5051", "a@[::1]:1"])
def test_a_pid_prints_as_it_was_read(text: str) -> None:
    assert str(Pid.parse(text)) == text
    assert Pid.parse(text).incarnation == 0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("master", "must be name@host:port"),
        ("@host:1", "actor name ''"),
        ("a b@host:1", "actor name 'a b'"),
        ("a@host", "must be host:port"),
        ("a@:1", "must be host:port"),
        ("a@host:port", "must be host:port"),
        ("a@host:²", "must be host:port"),
        ("a@host:0", "port must be from 1 to 65535"),
        ("a@host:65536", "port must be from 1 to 65535"),
        ("a@::1:5050", "IPv6 host must stand in brackets"),
    ],
)
def test_a_malformed_pid_is_refused_by_the_rule_it_breaks(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Pid.parse(text)


def test_the_lives_of_an_actor_differ_and_share_whoever_bears_the_name() -> None:
    first, second = Pid("a", "host", 1, 7), Pid("a", "host", 1, 8)
    assert first != second
    assert first.whoever() == second.whoever() == Pid.parse("a@host:1")
    assert first.address == Address("host", 1)


def test_a_pid_travels_with_its_incarnation() -> None:
    pid = Pid("a", "host", 1, 2**60)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(pid), type=Pid) == pid
