"""HTTP, for people and for programs that do not speak ZeroMQ.

What is served is given from above as routes: a path and an async handler that answers a `Request` with a
`Response`, a `Streaming` or a `Transfer`. Which route a path leads to, and whether it is a path at all, is
decided without I/O (`target`, `routes`). `server` is a thread with an event loop; `connection`, the only file
that imports aiohttp, has it read requests, `service` has them answered, and `reply` and `stream` write what
is answered, as `content` found it fit for the client.

A server stands what the open net brings (reliability.md §3.4): everything that a client sends is bounded in
size and time, and so is how many of them there are, how long an answer may take, and what is kept for those
who read slowly. `client` is for commands.
"""
