"""The command `pion`: daemons, and questions to those that run.

`pion.main` finds the command and answers every failure with one line and an exit status: 0 when all went
well, 1 when something outside did not (a node that does not answer, a request that is refused), 2 when
the command was given wrongly. Each command is a module with `configure(parser)` and `run(arguments)`;
daemons read Mesos-style flags instead (`actors.flags`) and have `main(words, environment)`.

Commands that ask a node join for a moment as a node of their own (`client`), so they need what any
other node would: a way to reach it, a way back, and the secret if there is one.
"""
