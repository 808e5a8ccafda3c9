"""Real servers that several tests share, because they take a while to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.server import Settings

SETTINGS = Settings(session_milliseconds=(400, 60_000))


@pytest.fixture(scope="session")
def _one_zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with Ensemble(tmp_path_factory.mktemp("zookeeper"), settings=SETTINGS) as ensemble:
        yield ensemble


@pytest.fixture(scope="session")
def _three_zookeepers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    with Ensemble(tmp_path_factory.mktemp("zookeepers"), 3, settings=SETTINGS) as ensemble:
        yield ensemble


@pytest.fixture
def zookeeper(_one_zookeeper: Ensemble) -> Iterator[Ensemble]:
    """A ZooKeeper that serves; whatever a test does to it is made good. Its data stays: use own paths."""
    yield _one_zookeeper
    _one_zookeeper.mend()


@pytest.fixture
def zookeepers(_three_zookeepers: Ensemble) -> Iterator[Ensemble]:
    """Three ZooKeepers that make one service; as above."""
    yield _three_zookeepers
    _three_zookeepers.mend()
