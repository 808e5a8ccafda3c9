"""Clients that are installed once, and a cluster that most tests here share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.clients import installed
from tests.integration.clients.daemons import Local

_paths = itertools.count(1)


@pytest.fixture(scope="session")
def python_packages() -> Path:
    return installed.python_packages()


@pytest.fixture(scope="session")
def node_packages() -> Path:
    return installed.node_packages()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """One master and one agent; a test leaves no framework, no task and no setting behind in it."""
    with Local(tmp_path_factory.mktemp("local")) as cluster:
        yield cluster


@pytest.fixture
def zookeeper_path() -> str:
    """A path of its own in a ZooKeeper that tests share."""
    return f"/clients-{os.getpid()}-{next(_paths)}"
