"""HTTP at a daemon's --port: requests become messages to the node's actors, and their answers responses.

`listen` binds the port before the daemon says that it is ready, and spawns the actor `gateway`, which owns
the server and ends it. Handlers run on the server's thread and never wait there: they `ask` actors, and are
gone on with when the answer has come or its time is over (reliability.md R3).

All that handlers may use of the node is their `Front`. What goes on longer than a request (a subscribed
scheduler, an executor, a stream of events) is an actor that the front has spawned on the server's thread, so
that it may write to its client, and handlers may call it. Whatever a handler sends, or has such an actor
send, belongs to the trace that its request begins (`witness`).
"""
