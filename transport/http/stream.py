"""A response whose body goes on, written as it comes."""

from __future__ import annotations

import asyncio

from transport.http.exchange import Streaming
from transport.http.head import head
from transport.http.reply import Terms, fields


class Stream:
    """The outlet of one `Streaming`: each piece is sent at once, as a chunk; what is not read is bounded.

    A client of HTTP/1.0 knows no chunks: it gets the bare pieces, and the end of the connection.
    """

    def __init__(self, transport: asyncio.Transport, terms: Terms, unread_bytes: int) -> None:
        self._transport = transport
        self._terms = terms
        self._chunked = terms.version_minor > 0
        self._unread_bytes = unread_bytes
        #: Why it is over, as soon as it is.
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def unread_bytes(self) -> int:
        """See `PacedOutlet.unread_bytes`."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def write(self, piece: bytes) -> None:
        """See `Outlet.write`."""
        transport = self._transport
        if self._over.done() or transport.is_closing() or not piece:
            return
        transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        if transport.get_write_buffer_size() > self._unread_bytes:
            self.over(f"the client left more than {self._unread_bytes} bytes unread")
            transport.abort()

    def abort(self) -> None:
        """See `PacedOutlet.abort`."""
        self.over("the stream was broken off")
        self._transport.abort()

    def end(self) -> None:
        """See `Outlet.end`."""
        self.finish("the stream was ended")

    def finish(self, reason: str) -> None:
        """End it so that the client sees a complete response."""
        if not self._over.done():
            self.over(reason)
            if self._chunked and not self._transport.is_closing():
                self._transport.write(b"0\r\n\r\n")

    def over(self, reason: str) -> None:
        """Nothing can be written any more; the first reason counts."""
        if not self._over.done():
            self._over.set_result(reason)

    async def serve(self, streaming: Streaming) -> None:
        """Send the head and what is written from then on, until it is over, for whatever reason."""
        reason = "the handler failed"
        try:
            headers = fields(self._terms, streaming.headers)
            if self._chunked:
                headers.append(("Transfer-Encoding", "chunked"))
            self._transport.write(head(200, streaming.content_type, headers, self._terms.version_minor))
            if self._terms.is_head:
                reason = "only its head was asked for"
                return
            streaming.begin(self)
            reason = await self._over
        except asyncio.CancelledError:
            reason = "the server stops"
            raise
        finally:
            self.over(reason)
            streaming.ended(reason)
