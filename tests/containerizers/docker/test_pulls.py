"""Images that are not there yet."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from containerizers.docker.pulls import authority
from tests.containerizers.docker.fake_dockerd import Exchange, FakeDockerd
from tests.containerizers.docker.harbour import eventually, harbour

NEW: dict[str, Any] = {"image": "registry.example:5000/app:2"}


def test_an_image_that_is_not_there_is_pulled(dockerd: FakeDockerd, tmp_path: Path) -> None:
    dockerd.images.clear()
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        assert dockerd.count("POST /images/create") == 1
        assert len(one.docker.pull_seconds) == 1


def test_one_that_is_there_is_pulled_only_if_that_was_asked_for(dockerd: FakeDockerd, tmp_path: Path) -> None:
    with harbour(dockerd, tmp_path) as one:
        one.launch("a", "true")
        assert dockerd.count("POST /images/create") == 0
        one.launch("b", "true", docker={"pulls": True})
        assert dockerd.count("POST /images/create") == 1


def test_many_containers_wait_for_one_pull(dockerd: FakeDockerd, tmp_path: Path) -> None:
    def pull(exchange: Exchange) -> None:
        dockerd.released.wait(60)
        dockerd.images.add("registry.example:5000/app:2")
        exchange.perform()

    dockerd.plan("POST /images/create", pull)
    with harbour(dockerd, tmp_path) as one:
        for number in range(20):
            one.docker.launch(f"a{number}", one.spec("true", docker=NEW))
        eventually(lambda: dockerd.count("POST /containers/create") == 20)
        dockerd.released.set()
        assert len({one.launched().container_id for _ in range(20)}) == 20
        assert dockerd.count("POST /images/create") == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda exchange: exchange.refuse(404, "manifest unknown"), "manifest unknown"),
        (lambda exchange: exchange.stream(iter([{"error": "no space"}])), "no space"),
        (lambda exchange: exchange.truncate(), "dockerd did not pull image"),
        (lambda exchange: exchange.stream(iter(["what"])), "the answer is no object"),
    ],
)
def test_why_an_image_cannot_be_pulled_is_told(
    dockerd: FakeDockerd, tmp_path: Path, answer: Any, text: str
) -> None:
    dockerd.plan("POST /images/create", answer)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        error = one.ended().error
        assert error.startswith("image registry.example:5000/app:2: could not be pulled: ")
        assert text in error


def test_a_pull_without_the_image_is_not_tried_for_ever(dockerd: FakeDockerd, tmp_path: Path) -> None:
    dockerd.plan("POST /images/create", lambda exchange: exchange.stream(iter([{"status": "Done"}])), 9)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        assert "No such image" in one.ended().error
        assert dockerd.count("POST /images/create") == 1


def test_a_registry_that_sends_nothing_is_given_up(dockerd: FakeDockerd, tmp_path: Path) -> None:
    dockerd.plan("POST /images/create", dockerd.stall)
    with harbour(dockerd, tmp_path, pull_stall_timeout_seconds=0.1) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        assert "it did not answer in time" in one.ended().error


def test_a_pull_may_take_longer_than_a_launch_but_not_for_ever(dockerd: FakeDockerd, tmp_path: Path) -> None:
    def slowly() -> Iterator[dict[str, Any]]:
        for number in itertools.count():
            time.sleep(0.02)
            yield {"status": f"{number}"}

    dockerd.plan("POST /images/create", lambda exchange: exchange.stream(slowly()))
    settings = {"launch_timeout_seconds": 0.1, "pull_timeout_seconds": 0.3}
    with harbour(dockerd, tmp_path, **settings) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        assert "it took longer than 0.3 seconds" in one.ended().error
    eventually(lambda: dockerd.open == 0)


@pytest.mark.parametrize("how", ["destroy", "signal"])
def test_a_container_can_be_ended_while_its_image_is_pulled(
    dockerd: FakeDockerd, tmp_path: Path, how: str
) -> None:
    dockerd.plan("POST /images/create", dockerd.stall)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        eventually(lambda: dockerd.count("POST /images/create") == 1)
        if how == "destroy":
            one.docker.destroy("a")
        else:
            one.docker.signal("a", 15)
        assert one.ended().error == "it was ended while its image was pulled"
        dockerd.released.set()
        assert dockerd.starts == {}


def test_a_pull_that_nobody_waits_for_is_given_up(dockerd: FakeDockerd, tmp_path: Path) -> None:
    given_up = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.stream({"status": "."} for _ in iter(lambda: dockerd.released.wait(0.01), True))
        given_up.set()

    dockerd.plan("POST /images/create", endless)
    with harbour(dockerd, tmp_path) as one:
        one.docker.launch("a", one.spec("true", docker=NEW))
        eventually(lambda: dockerd.count("POST /images/create") == 1)
        one.docker.destroy("a")
        one.ended()
        assert given_up.wait(60)
        one.docker.launch("b", one.spec("true", docker=NEW))
        one.launched()
        assert dockerd.count("POST /images/create") == 2


AUTHS = {
    "auths": {
        "registry.example:5000": {"auth": "bWU6c2VjcmV0"},
        "https://quay.example": {"username": "you", "password": "other"},
        "https://index.docker.io/v1/": {"identitytoken": "token"},
        "bad.example": {"auth": "!"},
    }
}


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("registry.example:5000/a/b:1", {"username": "me", "password": "secret"}),
        ("quay.example/b", {"username": "you", "password": "other"}),
        ("busybox", {"identitytoken": "token"}),
        ("library/busybox", {"identitytoken": "token"}),
        ("bad.example/x", {"username": "", "password": ""}),
        ("elsewhere.example/x", {}),
    ],
)
def test_a_registry_is_told_who_asks_by_its_name(image: str, told: dict[str, str]) -> None:
    found = authority(image, AUTHS)
    found.pop("serveraddress", None)
    assert found == told
    assert authority(image, None) == {}


def test_who_asks_is_sent_to_the_registry_alone(dockerd: FakeDockerd, tmp_path: Path) -> None:
    sent: list[str] = []

    def note(exchange: Exchange) -> None:
        sent.append(exchange.headers["X-Registry-Auth"])
        exchange.perform()

    dockerd.images.clear()
    dockerd.plan("POST /images/create", note)
    with harbour(
        dockerd, tmp_path, config={"auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}}}
    ) as one:
        one.launch("a", "true")
    assert sent
    assert sent[0] != "e30="
