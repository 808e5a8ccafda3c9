from __future__ import annotations

import base64
import gzip
import select
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from containerizers.fetcher.addresses import Refused
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.settings import REFUSED_NETWORKS
from containerizers.fetcher.web import Web
from tests.containerizers.fetcher.servers import WebServer, answer, ok, redirect

#: A certificate of localhost that nobody vouches for but itself; its key is no secret.
LOCALHOST = Path(__file__).with_name("localhost.pem")


def web(*refused: str, stall_seconds: float = 30.0, proxy: str | None = None, **settings: Any) -> Web:
    proxies = {} if proxy is None else {"http": proxy, "https": proxy}
    return Web(Refused(refused or REFUSED_NETWORKS), stall_seconds, proxies, settings.get("authorities"))


def get(url: str, **settings: Any) -> bytes:
    return read(web(**settings), url)


def read(web: Web, url: str) -> bytes:
    response = web.get(url)
    body = b""
    try:
        while more := response.read():
            body += more
        return body
    finally:
        response.close()


def secured() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOCALHOST)
    return context


def test_a_file_is_what_the_server_sends() -> None:
    with WebServer({"/a%20b?c=d%C3%BC": ok(b"x" * 3_000_000)}) as server:
        assert get(server.url("/a b?c=dü#there")) == b"x" * 3_000_000
        head = server.asked[0]
        assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in head
        assert b"Accept-Encoding: identity\r\n" in head


def test_what_is_packed_stays_packed() -> None:
    packed = gzip.compress(b"content")
    with WebServer({"/file": ok(packed, "Content-Encoding: gzip")}) as server:
        assert get(server.url()) == packed


def test_redirects_are_followed() -> None:
    with (
        WebServer({"/end": ok(b"there")}) as there,
        WebServer({"/file": redirect("next?a=b"), "/next?a=b": redirect(there.url("/end"))}) as here,
    ):
        assert get(here.url()) == b"there"


def test_redirects_in_a_circle_end() -> None:
    with (
        WebServer({"/file": redirect("/file")}) as server,
        pytest.raises(FetchError, match="more than 10 times"),
    ):
        get(server.url())
    assert server.count("/file") == 11


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "begins with file:"),
        ("gopher://127.0.0.1/", "begins with gopher:"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 must not be asked"),
        ("http://[::ffff:169.254.169.254]/", "must not be asked"),
        ("http://0xa9fea9fe/", "must not be asked"),
        ("http://2852039166/", "must not be asked"),
        ("https:///nobody", "names no host"),
        ("http://a:b:c/", "is none"),
        ("http://[::1/", "is redirected to"),
    ],
)
def test_a_redirect_leads_nowhere_else(location: str, reason: str) -> None:
    with WebServer({"/file": redirect(location)}) as server, pytest.raises(FetchError, match=reason):
        get(server.url())


@pytest.mark.parametrize(
    "status", ["404 Not Found", "500 Oh", "204 No Content", "206 Partial", "301 Moved", "401 No"]
)
def test_any_other_answer_is_an_error(status: str) -> None:
    code, _, reason = status.partition(" ")
    with (
        WebServer({"/file": answer(status, "Content-Length: 0")}) as server,
        pytest.raises(FetchError, match=rf"the server answers {code} \({reason}\)"),
    ):
        get(server.url())


def test_a_name_is_refused_by_the_address_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    found = socket.getaddrinfo
    addresses = ["169.254.169.254"]

    def lookup(host: str, port: int, **options: Any) -> list[Any]:
        return [one for address in addresses for one in found(address, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with WebServer({"/file": ok(b"here")}) as server:
        url = f"http://innocent.test:{server.port}/file"
        with pytest.raises(
            FetchError, match=r"'innocent\.test': its address 169\.254\.169\.254 must not be asked"
        ):
            get(url)
        # What is asked is an address that was checked.
        addresses.append("127.0.0.1")
        assert get(url) == b"here"
        with pytest.raises(FetchError, match=r"its address 127\.0\.0\.1 must not be asked"):
            read(web("127.0.0.0/8", "169.254.0.0/16"), url)


def test_nobody_there_is_an_error() -> None:
    with WebServer({}) as server:
        pass
    with pytest.raises(FetchError, match=f"no answer of 127.0.0.1 port {server.port}: Connection refused"):
        get(server.url())
    with pytest.raises(FetchError, match=r"host 'a\.\.b': is no name of a host"):
        get("http://a..b/file")


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\n", ok(b"")[:-2], answer("200 OK", "Content-Length: 9") + b"abc"]
)
def test_a_server_that_says_nothing_more_is_given_up(head: bytes) -> None:
    with WebServer({}) as server:

        def hang(connection: socket.socket) -> None:
            connection.sendall(head)
            server.over.wait(60.0)

        server.answers["/file"] = hang
        with pytest.raises(FetchError, match=r"no answer of .* within 0.2 s|sends nothing|timed out"):
            get(server.url(), stall_seconds=0.2)


def test_a_server_that_drips_is_given_up() -> None:
    with WebServer({}) as server:

        def drip(connection: socket.socket) -> None:
            while not server.over.wait(0.1):
                connection.sendall(b"H")

        server.answers["/file"] = drip
        began = time.monotonic()
        with pytest.raises(FetchError, match=r"next to nothing|within 0\.5 s"):
            get(server.url(), stall_seconds=0.5)
        assert time.monotonic() - began >= 0.5


def test_a_server_vouches_for_itself_in_vain() -> None:
    with (
        WebServer({"/file": ok()}, secured()) as server,
        pytest.raises(FetchError, match="certificate verify failed"),
    ):
        get(server.url())


def test_https_is_spoken_with_whom_an_authority_vouches_for() -> None:
    with WebServer({"/file": ok(b"safe")}, secured()) as server:
        assert get(f"https://localhost:{server.port}/file", authorities=str(LOCALHOST)) == b"safe"
        # It is vouched for under another name only.
        with pytest.raises(FetchError, match="certificate verify failed: IP address mismatch"):
            get(server.url(), authorities=str(LOCALHOST))


def test_who_began_with_https_goes_on_with_it() -> None:
    with (
        WebServer({"/file": ok()}) as plain,
        WebServer({"/file": redirect(plain.url())}, secured()) as server,
        pytest.raises(FetchError, match="redirected from https to http"),
    ):
        get(f"https://localhost:{server.port}/file", authorities=str(LOCALHOST))
    assert plain.asked == []


def test_the_password_is_for_the_server_that_was_meant() -> None:
    with WebServer({"/end": ok(b"end")}) as there:
        with WebServer({"/file": redirect("/next"), "/next": redirect(there.url("/end"))}) as here:
            url = here.url().replace("//", "//me:p%40ss@")
            assert get(url) == b"end"
        expected = b"Authorization: Basic " + base64.b64encode(b"me:p@ss") + b"\r\n"
        assert all(expected in head for head in here.asked)
        assert all(b"me:" not in head for head in here.asked)
        assert b"Authorization" not in there.asked[0]


def test_a_proxy_is_asked_where_there_is_one() -> None:
    with WebServer({"http://far.test/file?a": ok(b"far")}) as proxy:
        assert get("http://far.test/file?a", proxy=proxy.url()) == b"far"
        assert b"Host: far.test\r\n" in proxy.asked[0]
        with pytest.raises(FetchError, match="must not be asked"):
            get("http://169.254.169.254/file", proxy=proxy.url())


def test_a_proxy_passes_on_what_is_secret() -> None:
    with WebServer({"/file": ok(b"safe")}, secured()) as server:

        def tunnel(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as there:
                connect(connection, there)

        with WebServer({f"localhost:{server.port}": tunnel}) as proxy:
            url = f"https://localhost:{server.port}/file"
            assert get(url, proxy=proxy.url(), authorities=str(LOCALHOST)) == b"safe"
            proxy.answers.clear()
            with pytest.raises(FetchError, match="the proxy answers 404"):
                get(url, proxy=proxy.url())


def connect(one: socket.socket, two: socket.socket) -> None:
    """Pass on what each says, until one hangs up."""
    others = {one: two, two: one}
    while True:
        for speaker in select.select([one, two], [], [])[0]:
            said = speaker.recv(65_536)
            if not said:
                return
            others[speaker].sendall(said)
