"""HTTP at a daemon's --port: requests become messages to the node's actors, and their answers responses.

`listen` binds the port before the daemon says that it is ready, and spawns the actor `gateway`, which owns
the server and ends it. Handlers run on the server's thread and never wait there: they `ask` actors, and are
gone on with when the answer has come or its time is over (reliability.md R3).
"""
