"""What the daemons tell of what they serve, over their real servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest

from actors.agent import gateway as agent_gateway
from actors.agent.flags import AgentFlags
from actors.agent.http import described as agent_described
from actors.gateway.openapi.endpoint import Endpoints
from actors.master import gateway as master_gateway
from actors.master.flags import MasterFlags
from actors.master.http import described as master_described
from actors.metrics import Registry
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import fetch
from transport.pid import Address


@contextlib.contextmanager
def gateway(name: str, folder: Path) -> Iterator[Address]:
    """A daemon's HTTP, without the daemon."""
    system = PykkaSystem()
    system.start()
    try:
        if name == "master":
            yield master_gateway.listen(system, MasterFlags(port=0), Registry())
        else:
            flags = AgentFlags(port=0, master="127.0.0.1:1", work_dir=folder)
            yield agent_gateway.listen(system, flags, Registry())
    finally:
        system.stop()


DAEMONS = [("master", master_described.ENDPOINTS), ("agent", agent_described.ENDPOINTS)]


@pytest.mark.parametrize(("name", "endpoints"), DAEMONS)
def test_all_that_is_served_is_described_and_nothing_else(
    name: str, endpoints: Endpoints, tmp_path: Path
) -> None:
    with gateway(name, tmp_path) as address:
        document = fetch(address, "/openapi.json").json
        helped = fetch(address, "/help?format=json").json
    assert isinstance(document, dict)
    openapi_spec_validator.validate(document)
    paths = [path for path in document["paths"] if "{" not in path]
    assert set(paths) <= set(endpoints)
    for path in paths:
        for operation in document["paths"][path].values():
            assert operation["summary"].endswith("."), path
    assert isinstance(helped, dict)
    assert sum(len(process["endpoints"]) for process in helped["processes"]) == len(paths)


def test_help_is_a_page_or_json_of_all_or_of_one_endpoint(tmp_path: Path) -> None:
    with gateway("agent", tmp_path) as address:
        page = fetch(address, "/slave(1)/help")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert 'href="/openapi.json"' in page.text
        assert '<dt id="/files/read">GET /files/read</dt>' in page.text
        files = fetch(address, "/help/files?format=json").json
        assert isinstance(files, dict)
        names = [endpoint["name"] for endpoint in files["endpoints"]]
        assert (files["id"], names) == ("files", ["/browse", "/debug", "/download", "/read"])
        one = fetch(address, "/help/files/read?format=json").json
        assert isinstance(one, dict)
        assert [endpoint["name"] for endpoint in one["endpoints"]] == ["/read"]
        own = fetch(address, "/help/slave(1)/health?format=json").json
        assert isinstance(own, dict)
        assert own["endpoints"][0]["text"].startswith("GET /health\nAnswer,")
        for nothing in ("/help/none", "/help/files/none", "/help/%3Cscript%3E"):
            assert fetch(address, nothing).status == 404


def test_the_masters_page_leads_to_both(tmp_path: Path) -> None:
    with gateway("master", tmp_path) as address:
        page = fetch(address, "/").text
        for path in ("/help", "/openapi.json"):
            assert f'href="{path}"' in page
            assert fetch(address, path).status == 200
