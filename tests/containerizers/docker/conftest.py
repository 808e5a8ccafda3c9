"""Dockerds that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containerizers.docker.fake_dockerd import FakeDockerd
from tests.dockerd import Dockerd


@pytest.fixture(scope="session")
def own() -> Iterator[Dockerd]:
    """A real one that nobody else uses: names are free, and it may be stopped."""
    one = Dockerd()
    yield one
    one.stop()


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    """One that is told what to do wrong."""
    one = FakeDockerd(tmp_path)
    yield one
    one.stop()
