"""How a container is made: a process or a Docker container, with its isolation, limits and image.

This package knows nothing of Mesos, of actors or of messages: it is told what to run and says what became
of it, so that it can be used, and tested, alone.

`containerizer` is what all of them have in common. `process` makes containers of processes: one thread waits
for all of them on descriptors of processes, and a `launcher` knows how they are started and ended. That of
`posix` makes each a session of its own (`program` starts it), and what it leaves behind is found by `census`;
that of `linux` keeps them in control groups and namespaces. What must be known after a crash of the process
that made them lies in files (`paths`, `stamp`). What a container reads and writes may go through this process
(`console`: a terminal, or pipes), where others attach to it (`switchboard`). `usage` measures what containers
use. `fake` makes none at all, in virtual time.
"""
