"""What nobody may read through a sandbox, and what may not stop who reads (reliability.md §3.4, 39-46)."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.actors.gateway.browser import Answer
from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import Framework, task
from tests.integration.clients.speech import ask, call
from tests.integration.masters import wait_until

_INSIDE = "root:"
#: Made by a task in its own sandbox.
_SANDBOX = r"""
echo inside > plain
ln -s /etc/passwd leading-out
ln -s .. leading-up
ln -s plain leading-in
mkfifo pipe
mkdir folder
mkdir many && cd many && seq 10001 | xargs touch && cd ..
truncate -s 1T sparse
printf x > "$(printf 'a\nb<i>"c')"
while sleep 0.01; do echo more >> growing; done
"""
#: Ways to say `/etc/passwd` behind a folder that may be read.
_AROUND = (
    "../../../../../../../../../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\etc\\passwd",
    "//etc/passwd",
    "folder/../../../../../../../../../../../../../etc/passwd",
    "./.././../etc/passwd.",
    "plain/../../../../../../../../../../../../../etc/passwd",
    "leading-out",
    "leading-up/leading-up/../../../../etc/passwd",
)
#: What is no file of ours by its full name.
_ELSEWHERE = (
    "/etc/shadow",
    "/etc/passwd",
    "/proc/self/environ",
    "/",
    "",
    "~",
    "/master/log/../../etc/passwd",
)


@pytest.fixture(scope="module")
def sandbox(local: Local) -> Iterator[str]:
    """The folder of such a task."""
    with Framework(local.master, name="files") as framework:
        assert framework.accept(framework.offer(), [task("files", _SANDBOX)]).status == 202
        framework.reaches("files", "TASK_RUNNING")
        told = json.loads(ask(local.agent, "GET", "/state").body)
        (mine,) = (one for one in told["frameworks"] if one["id"] == framework.id)
        directory = mine["executors"][0]["directory"]
        wait_until(lambda: read(local, f"{directory}/growing").status == 200, lambda: "the task has made all")
        yield directory


def read(local: Local, path: str, **arguments: Any) -> Answer:
    query = urllib.parse.urlencode({"path": path, **arguments})
    return ask(local.agent, "GET", f"/files/read?{query}")


@pytest.mark.parametrize("way", _AROUND)
def test_no_way_leads_out_of_a_sandbox(local: Local, sandbox: str, way: str) -> None:
    path = f"{sandbox}/{way}"
    query = urllib.parse.urlencode({"path": path})
    for target in (
        *(f"/files/{kind}?{query}" for kind in ("read", "download", "browse")),
        *(f"/files/{kind}?path={path}&offset=0&length=9" for kind in ("read", "download")),
    ):
        answer = ask(local.agent, "GET", target.replace("\\", "%5c"))
        assert answer.status in (400, 403, 404), (target, answer)
        assert _INSIDE not in answer.text
    content = {"path": path, "offset": 0, "length": 100}
    assert call(local.agent, {"type": "READ_FILE", "read_file": content}).status in (400, 403, 404)


@pytest.mark.parametrize("path", _ELSEWHERE)
def test_what_is_not_shown_is_not_there(local: Local, path: str) -> None:
    for address in (local.master, local.agent):
        for kind in ("read", "download", "browse"):
            query = urllib.parse.urlencode({"path": path})
            assert ask(address, "GET", f"/files/{kind}?{query}").status in (400, 403, 404), (kind, path)
        for kind in ("LIST_FILES", "READ_FILE"):
            content = {"path": path, "offset": 0, "length": 9}
            assert call(address, {"type": kind, kind.lower(): content}).status in (400, 403, 404)


def test_links_within_a_sandbox_are_followed(local: Local, sandbox: str) -> None:
    for name in ("plain", "leading-in", "folder/../plain"):
        answer = read(local, f"{sandbox}/{name}", offset=0)
        if ".." in name:
            assert answer.status in (200, 400)
        else:
            assert json.loads(answer.body) == {"data": "inside\n", "offset": 0}


def test_what_is_no_file_blocks_nobody(local: Local, sandbox: str) -> None:
    for name in ("pipe", "folder", "many"):
        for kind in ("read", "download"):
            query = urllib.parse.urlencode({"path": f"{sandbox}/{name}", "offset": 0, "length": 10})
            assert ask(local.agent, "GET", f"/files/{kind}?{query}").status == 400, (kind, name)
    assert ask(local.agent, "GET", "/health").status == 200


def test_offsets_and_lengths_of_any_size_read_no_more_than_a_page_or_two(local: Local, sandbox: str) -> None:
    path = f"{sandbox}/sparse"
    assert json.loads(read(local, path).body) == {"data": "", "offset": 1 << 40}
    assert json.loads(read(local, path, offset=-1).body)["offset"] == 1 << 40
    assert len(json.loads(read(local, path, offset=0, length=1 << 40).body)["data"]) <= 65_536
    assert json.loads(read(local, path, offset=(1 << 63) - 1, length=10).body)["data"] == ""
    for bad in ({"offset": -2}, {"offset": 1 << 64}, {"offset": "x"}, {"offset": 0, "length": -5}):
        assert read(local, path, **bad).status == 400, bad
    content = {"path": path, "offset": 0, "length": 1 << 40}
    answer = call(local.agent, {"type": "READ_FILE", "read_file": content})
    assert len(base64.b64decode(json.loads(answer.body)["read_file"]["data"])) <= 1 << 20


def test_names_of_any_letters_are_told_as_they_are(local: Local, sandbox: str) -> None:
    query = urllib.parse.urlencode({"path": sandbox})
    told = json.loads(ask(local.agent, "GET", f"/files/browse?{query}").body)
    names = {one["path"].removeprefix(f"{sandbox}/") for one in told}
    assert 'a\nb<i>"c' in names
    content = {"path": f'{sandbox}/a\nb<i>"c', "offset": 0}
    assert call(local.agent, {"type": "READ_FILE", "read_file": content}).status == 200
    many = urllib.parse.urlencode({"path": f"{sandbox}/many"})
    assert len(json.loads(ask(local.agent, "GET", f"/files/browse?{many}").body)) == 10_001


def test_a_file_that_grows_is_sent_as_long_as_it_was(local: Local, sandbox: str) -> None:
    query = urllib.parse.urlencode({"path": f"{sandbox}/growing"})
    answer = ask(local.agent, "GET", f"/files/download?{query}")
    assert len(answer.body) == int(answer.headers["content-length"])
    assert answer.text.startswith("more\n")
    assert answer.headers["content-disposition"].startswith("attachment")
