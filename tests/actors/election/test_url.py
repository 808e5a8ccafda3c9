"""`zk://` and `file://`, as they stand in flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.election.url import ZooKeeperUrl, hide_password, read_if_file
from transport.pid import Address


def test_a_url_names_servers_and_a_path() -> None:
    url = ZooKeeperUrl.parse("zk://anna:2181,ben:2182,[::1]:2183/mesos/east")
    assert url.servers == (Address("anna", 2181), Address("ben", 2182), Address("::1", 2183))
    assert url.path == "/mesos/east"
    assert url.credentials is None
    assert url.under("log_replicas") == "/mesos/east/log_replicas"


def test_a_server_without_a_port_listens_at_2181() -> None:
    url = ZooKeeperUrl.parse("zk://anna, [::1] ,ben:7/mesos")
    assert url.servers == (Address("anna", 2181), Address("::1", 2181), Address("ben", 7))


def test_a_slash_at_the_end_is_no_part_of_the_path() -> None:
    assert ZooKeeperUrl.parse("zk://anna/mesos//").path == "/mesos"


def test_credentials_reach_to_the_last_at_sign_before_the_path() -> None:
    assert ZooKeeperUrl.parse("zk://user:p@ss:w@rd@anna/mesos").credentials == "user:p@ss:w@rd"
    assert ZooKeeperUrl.parse("zk://anna/mes@os").path == "/mes@os"
    assert ZooKeeperUrl.parse("zk://user:secret@anna/mes@os").path == "/mes@os"


def test_a_password_is_never_shown() -> None:
    url = ZooKeeperUrl.parse("zk://user:secret@anna:2181/mesos")
    assert str(url) == "zk://user:***@anna:2181/mesos"
    assert "secret" not in repr(url)
    assert hide_password("zk://user:secret@anna/mesos") == "zk://user:***@anna/mesos"
    assert hide_password("anna@secret") == "anna@secret"


def test_a_url_is_read_again_from_what_it_is_shown_as() -> None:
    url = ZooKeeperUrl.parse("zk://anna,[::1]:7/mesos")
    assert ZooKeeperUrl.parse(str(url)) == url


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("anna:2181/mesos", "must begin with zk://"),
        ("zk://anna", "must end with a path"),
        ("zk://anna/", "must end with a path other than /"),
        ("zk://anna///", "must end with a path other than /"),
        ("zk:///mesos", "a host is missing"),
        ("zk://anna,,ben/mesos", "a host is missing"),
        ("zk://anna:0/mesos", "port must be from 1 to 65535"),
        ("zk://anna:x/mesos", "must be host:port"),
        ("zk://::1/mesos", "brackets"),
        ("zk://user@anna/mesos", "before the @ must stand user:password"),
        ("zk://:secret@anna/mesos", "before the @ must stand user:password"),
        ("zk://user:@anna/mesos", "before the @ must stand user:password"),
        ("zk://user:sec/ret@anna/mesos", "may contain /"),
        ("zk://anna/mesos//east", "must not contain //"),
        ("zk://anna/mesos/../east", "must not contain . or .."),
        ("zk://anna/me\tsos", "control characters"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_that_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule.replace(".", r"\.")) as refusal:
        ZooKeeperUrl.parse(text)
    assert "sec" not in str(refusal.value)


def test_what_names_no_file_is_taken_as_it_is() -> None:
    assert read_if_file(" zk://anna/mesos ") == "zk://anna/mesos"


def test_a_file_contains_what_is_meant(tmp_path: Path) -> None:
    (tmp_path / "zk").write_text("\n  zk://anna/mesos \n")
    assert read_if_file(f"file://{tmp_path}/zk") == "zk://anna/mesos"
    assert read_if_file("file://zk", tmp_path) == "zk://anna/mesos"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "No such file"),
        (b" \n", "is empty, but must contain zk://host:port/path or host:port"),
        (b"\xff\xfe", "is not text"),
        (b"file:///elsewhere", "must not name a further file"),
    ],
)
def test_a_file_that_says_nothing_is_refused_by_name(
    tmp_path: Path, content: bytes | None, rule: str
) -> None:
    if content is not None:
        (tmp_path / "zk").write_bytes(content)
    with pytest.raises(ValueError, match=f"^'file://{tmp_path}/zk': {rule}"):
        read_if_file(f"file://{tmp_path}/zk")
