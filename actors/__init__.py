"""Who does what: every authority of the cluster is an actor with a mailbox.

Three rings (DESIGN §2). *Decisions* are plain classes that know no clock, socket, thread or file. A
*process* (`process.Process`) is state and typed handlers around them; it asks the world only through its
*system* (`system.System`). Two systems host the same process classes unchanged: `pykka_system.PykkaSystem`
gives each its thread, timers and the network, and `simulation.Simulation` runs whole clusters of them on
one thread in virtual time, with faults, from one seed.

A process runs one turn at a time: one message, one fired timer, one `exited`. Between two processes
messages arrive in order and at most once. A crash in a turn ends the process; its supervisor decides
whether a new one takes its name, and those linked to it are told `exited`.
"""

__version__ = "0.1.0"
#: The Mesos whose APIs are spoken here: what the daemons say their version is. Clients read it as numbers,
#: and ask more of one that is newer.
MESOS_VERSION = "1.11.0"
