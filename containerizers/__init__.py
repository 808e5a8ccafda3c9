"""How a container is made: a process or a Docker container, with its isolation, limits and image.

This package knows nothing of Mesos, of actors or of messages: it is told what to run and says what became
of it, so that it can be used, and tested, alone.

`containerizer` is what all of them have in common. `process` makes a container of plain processes: each is
a session of its own (`program` starts it), one thread waits for all of them on descriptors of processes,
and what a container leaves behind is found by `census`. What must be known after a crash of the process
that made them lies in files (`paths`, `stamp`). What a container reads and writes may go through this process
(`console`: a terminal, or pipes), where others attach to it (`switchboard`). `usage` measures what containers
use. `fake` makes none at all, in virtual time.
"""
