from __future__ import annotations

import pytest

from actors.executor.containment.host_paths import allowed_path, path_inside
from actors.executor.containment.rules import Rules

RULES = Rules(private=("/srv/agent", "/var/run/docker.sock"))


def links(path: str) -> str:
    """A host on which /home/alice/evil and /work/box/evil lead to /etc, and /data to /mnt/data."""
    for link, place in (("/home/alice/evil", "/etc"), ("/work/box/evil", "/etc"), ("/data", "/mnt/data")):
        if path == link or path.startswith(link + "/"):
            return place + path.removeprefix(link)
    return path


@pytest.mark.parametrize(
    ("path", "place"), [("/home/alice", "/home/alice"), ("/data/x", "/mnt/data/x"), ("/opt//x/", "/opt/x")]
)
def test_a_volume_is_where_its_path_leads(path: str, place: str) -> None:
    assert allowed_path(path, RULES, links) == place


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc",
        "/etc/shadow",
        "/proc/1/root",
        "/sys/fs/cgroup",
        "/dev/sda",
        "/boot",
        "/root/.ssh",
        "/usr/bin",
        "/bin",
        "/lib64",
        "/var",
        "/var/run/docker.sock",
        "/var/lib/docker/overlay2",
        "/var/lib/dpkg/info",
        "/var/spool/cron/crontabs",
        "/srv",
        "/srv/agent/meta",
        "/home/../etc",
        "/home/alice/evil",
        "/home/alice/evil/passwd",
    ],
)
def test_no_volume_shows_what_is_the_systems_own_or_what_is_around_it(path: str) -> None:
    with pytest.raises(ValueError, match=r"is the system's own.*--host_volumes"):
        allowed_path(path, RULES, links)


def test_what_is_granted_is_granted_with_all_that_is_below_it_and_nothing_beside_it() -> None:
    rules = Rules(host_volumes=("/etc/ssl",))
    assert allowed_path("/etc/ssl/certs", rules, links) == "/etc/ssl/certs"
    for path in ("/etc/sslx", "/etc", "/etc/ssl/../shadow"):
        with pytest.raises(ValueError, match="is the system's own"):
            allowed_path(path, rules, links)


def test_everything_may_be_granted() -> None:
    assert allowed_path("/", Rules(host_volumes=("*",)), links) == "/"


@pytest.mark.parametrize("path", ["etc", "", "/a\0b"])
def test_a_path_of_the_host_is_absolute(path: str) -> None:
    with pytest.raises(ValueError, match="must be an absolute path"):
        allowed_path(path, RULES, links)


def test_a_path_of_a_sandbox_leads_nowhere_else() -> None:
    assert path_inside("a/b", "/work/box", links) == "/work/box/a/b"
    for path in ("..", "a/../../other", "evil", "evil/passwd", "/etc"):
        with pytest.raises(ValueError, match="must not lead out of the sandbox"):
            path_inside(path, "/work/box", links)
