"""An agent that several tests share, because it takes a while to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import dockerd
from tests.chaos.containers.dress import ISOLATION
from tests.integration.containers.hand import Household, household

_WATCHED = ("--enforce_container_disk_quota", "--container_disk_watch_interval=500ms")


@pytest.fixture(scope="package")
def agent() -> Iterator[Household]:
    """It isolates, and has the machine's dockerd or the one that tests share."""
    docker = ("--containerizers=mesos,docker", f"--docker_socket={dockerd.docker_socket()}")
    isolation = (f"--isolation={ISOLATION}", "--launcher=linux", "--container_processes=60")
    with household(*docker, "--docker_remove_delay=1secs", *isolation, *_WATCHED) as one:
        yield one
