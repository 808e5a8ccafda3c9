"""What is said, and how it travels.

Two halves share this package, and neither knows who is speaking:

* *What is said*: `records` are the nouns of Mesos (an offer, a task, resources); `messages` are what
  actors tell one another. Both are immutable msgspec structs, declared once; msgpack, JSON and protobuf
  are derived from the declaration (`record`, `message`, `codec`).
* *How it travels*: an `Envelope` carries one message from one `Pid` to another. Between two nodes the
  envelopes of one direction form a session on one connection (`link`, a state machine without I/O), and
  one thread owns every socket of a node (`router`; `sockets` alone imports ZeroMQ).

Between two actors messages arrive in the order they were sent, each at most once. A connection that
breaks ends its sessions, what was in flight is lost, and those who had linked are told.
"""
