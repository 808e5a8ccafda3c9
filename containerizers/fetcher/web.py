"""Files of web servers: HTTP/1.1, with TLS or without.

A server is not trusted: whatever it sends is bounded, in bytes and in time. Nor is a name: the address that
it stands for is checked, and that very address is connected with, anew after each redirect.
"""

from __future__ import annotations

import binascii
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from containerizers.fetcher.addresses import Refused
from containerizers.fetcher.budget import Pace
from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.response import Response, Wire

_MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
#: What may stand in a path or query as it is; everything else is escaped.
_SAFE = "/%?=&;:@!$'()*+,~[]-._"


class Web:
    """Gets files; `proxies` are addresses by scheme, `authorities` a file of certificates.

    Without that, whom the system trusts is trusted. A proxy looks up names itself, so that only addresses can
    be refused where there is one.
    """

    def __init__(
        self, refused: Refused, stall_seconds: float, proxies: Mapping[str, str], authorities: str | None
    ) -> None:
        self._refused = refused
        self._stall_seconds = stall_seconds
        self._proxies = proxies
        self._authorities = authorities

    def get(self, url: str) -> Response:
        """Ask for a file, wherever redirects lead to; raises FetchError."""
        target = _parsed(url)
        credentials = _credentials(target)
        asked = target
        for _ in range(_MOST_REDIRECTS + 1):
            # Who is redirected to was not meant to know the password.
            own = (target.scheme, *_place(target)) == (asked.scheme, *_place(asked))
            response = self._ask(target, credentials if own else _credentials(target))
            if response.status not in _REDIRECTS or not response.location:
                break
            response.close()
            target = _redirected(target, response.location)
        else:
            raise FetchError(f"it is redirected more than {_MOST_REDIRECTS} times")
        if response.status != 200:
            response.close()
            raise FetchError(f"the server answers {response.status}{response.reason}")
        return response

    def _ask(self, target: SplitResult, credentials: str | None) -> Response:
        proxy = self._proxies.get(target.scheme)
        pace = Pace(self._stall_seconds)
        host, port = _place(target)
        try:
            with ExitStack() as failed:
                connection = failed.enter_context(self._connection(target, proxy, pace))
                wire = Wire(connection, pace)
                absolute = proxy is not None and target.scheme == "http"
                wire.send(_request(target, credentials, absolute=absolute))
                response = Response(wire)
                failed.pop_all()
                return response
        except TimeoutError:
            raise FetchError(f"no answer of {host} port {port} within {self._stall_seconds:g} s") from None
        except OSError as error:
            raise FetchError(f"no answer of {host} port {port}: {_words(error)}") from None

    def _connection(self, target: SplitResult, proxy: str | None, pace: Pace) -> socket.socket:
        host, port = _place(target)
        if proxy is None:
            connection = self._connected(host, port, pace, checks=True)
        else:
            self._check_literal(host)
            connection = self._connected(*_place(_parsed(proxy)), pace, checks=False)
        if target.scheme == "http":
            return connection
        with ExitStack() as failed:
            failed.enter_context(connection)
            if proxy is not None:
                _tunnel(connection, host, port, pace)
            secured = self._secured(connection, host, pace)
            failed.pop_all()
            return secured

    def _connected(self, host: str, port: int, pace: Pace, *, checks: bool) -> socket.socket:
        """Connect with the first address of a name that answers, if it may be asked."""
        problem: Exception = FetchError(f"host {host!r}: it has no address")
        for family, protocol, address in _addresses(host, port):
            if checks and str(address[0]) in self._refused:
                problem = FetchError(f"host {host!r}: its address {address[0]} must not be asked")
                continue
            connection = socket.socket(family, socket.SOCK_STREAM, protocol)
            try:
                connection.settimeout(pace.rest())
                connection.connect(address)
            except OSError as error:
                connection.close()
                problem = error
            else:
                return connection
        raise problem

    def _check_literal(self, host: str) -> None:
        try:
            is_refused = host in self._refused
        except ValueError:
            return  # a name
        if is_refused:
            raise FetchError(f"host {host!r}: this address must not be asked")

    def _secured(self, connection: socket.socket, host: str, pace: Pace) -> socket.socket:
        import ssl  # noqa: PLC0415  some megabytes that few need

        context = ssl.create_default_context(cafile=self._authorities)
        connection.settimeout(pace.rest())
        # Where the end may be cut off unseen, a file without a length would seem whole.
        return context.wrap_socket(connection, server_hostname=host, suppress_ragged_eofs=False)


def _parsed(url: str) -> SplitResult:
    # What is told does not repeat the address, which may have a password in it.
    try:
        target = urlsplit(url)
        host, _ = target.hostname, target.port
    except ValueError as error:
        raise FetchError(f"its address is none: {error}") from None
    if target.scheme not in _PORTS:
        raise FetchError(f"its address begins with {target.scheme}: and not with http: or https:")
    if not host:
        raise FetchError("its address names no host")
    return target


def _redirected(target: SplitResult, location: str) -> SplitResult:
    try:
        there = _parsed(urljoin(target.geturl(), location))
    except ValueError as error:
        raise FetchError(f"it is redirected to {location!r}: {error}") from None
    except FetchError as error:
        raise FetchError(f"it is redirected: {error}") from None
    if (target.scheme, there.scheme) == ("https", "http"):
        raise FetchError(f"it is redirected from https to http, to {there.hostname}")
    return there


def _place(target: SplitResult) -> tuple[str, int]:
    host = target.hostname or ""
    return host, target.port or _PORTS[target.scheme]


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, int, tuple[Any, ...]]]:
    """Families, protocols and addresses."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = _words(error) if isinstance(error, OSError) else "is no name of a host"
        raise FetchError(f"host {host!r}: {reason}") from None
    return [(family, protocol, address) for family, _, protocol, _, address in found]


def _credentials(target: SplitResult) -> str | None:
    if target.username is None:
        return None
    pair = f"{unquote(target.username)}:{unquote(target.password or '')}"
    return binascii.b2a_base64(pair.encode(), newline=False).decode()


def _request(target: SplitResult, credentials: str | None, *, absolute: bool) -> bytes:
    path = quote((target.path or "/") + (f"?{target.query}" if target.query else ""), safe=_SAFE)
    host = _ascii(target.netloc.rpartition("@")[2])
    lines = [
        f"GET {f'{target.scheme}://{host}' if absolute else ''}{path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: pion-fetcher",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if credentials is not None:
        lines.append(f"Authorization: Basic {credentials}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise FetchError(f"host {host!r}: is no name of a host") from None


def _tunnel(connection: socket.socket, host: str, port: int, pace: Pace) -> None:
    """Have a proxy pass everything on to a server."""
    place = f"[{host}]:{port}" if ":" in host else f"{_ascii(host)}:{port}"
    wire = Wire(connection, pace)
    wire.send(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
    response = Response(wire, has_body=False)
    if response.status != 200:
        raise FetchError(f"the proxy answers {response.status}{response.reason}")


def _words(error: OSError) -> str:
    return error.strerror or str(error)
