from __future__ import annotations

import pytest

from transport.http.exchange import HttpError, Request, Response, say
from transport.http.routes import Route, Routes


async def answer(_request: Request) -> Response:
    return say(200, "")


PATHS = ("/state", "/api/v1", "/api/v1/scheduler", "/quota")
ROUTES = Routes(
    [
        *(Route(path, answer) for path in PATHS),
        Route("/", answer, exact=True),
        Route("/redirect", answer, exact=True),
    ],
    prefixes=("master",),
)


@pytest.mark.parametrize(
    ("path", "route", "rest"),
    [
        ("", "/", ""),
        ("master", "/", ""),
        ("state", "/state", ""),
        ("master/state", "/state", ""),
        ("state/deep/er", "/state", "deep/er"),
        ("api/v1/scheduler", "/api/v1/scheduler", ""),
        ("api/v1/schedule", "/api/v1", "schedule"),
        ("master/quota/a", "/quota", "a"),
        ("state.json", "/state", ""),
        ("master/state.json", "/state", ""),
        ("redirect", "/redirect", ""),
        ("master/redirect", "/redirect", ""),
    ],
)
def test_a_path_leads_to_the_longest_route_that_fits(path: str, route: str, rest: str) -> None:
    found, behind = ROUTES.find([part for part in path.split("/") if part])
    assert (found.path, "/".join(behind)) == (route, rest)


@pytest.mark.parametrize(
    "path",
    ["nowhere", "api", "redirect/state", "master/redirect/x", "master/master/state", "states", "state.xml"],
)
def test_other_paths_are_not_found(path: str) -> None:
    with pytest.raises(HttpError) as refused:
        ROUTES.find(path.split("/"))
    assert refused.value.response.status == 404


def test_two_routes_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="route /a/: is there already"):
        Routes([Route("/a", answer), Route("/a/", answer)])
