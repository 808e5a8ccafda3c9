"""HTTP, for people and for programs that do not speak ZeroMQ.

What is served is given from above as routes: a path and an async handler that answers a `Request` with a
`Response`. Which route a path leads to, and whether it is a path at all, is decided without I/O (`target`,
`routes`); `server` does the rest on a thread of its own, and is the only file that imports aiohttp. A server
stands what the open net brings (reliability.md §3.4): everything that a client sends is bounded in size and
time, and so is how many of them there are, and how long an answer may take.
"""
