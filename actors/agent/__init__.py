"""The agent: what one host offers, and all that runs there.

*Who does what.* On the agent's node: `agent` decides, `archive` keeps what must survive it and makes
sandboxes, `updates` has a stream of status updates for each task and sends them to the master itself,
`garbage` deletes sandboxes in time, `keeper` knows where the executor node is, `detector` who leads. The
executor node is another process, the parent of all that runs; it goes on when the agent dies.

*Inside `agent`*, which only passes on: `books` is what it knows. `registration` and `registrant` find the
master and tell it what is here. `launching` takes a task in: `admission` says whether that may be, `launch`
and `environment` what its executor is like. `executor_node`, `executors` and `subscription` lead executors
through their life; `statuses` takes what becomes of tasks, `killing` ends them and drains the agent,
`operations` changes its resources. `resumption` fills the books after a restart, if `reconfiguration`
permits. `repeats` tells again what nobody answered, `memory` knows what is over, `leaving` is the end.

*Executors in any language* speak HTTP to the agent's server (package `http`). To `agent` the stream of one is
an actor like an executor's own, only that what it is told needs no repetition: it arrives, or the stream
breaks, and the executor tells with its next subscription what it has got.

*The way of a task*: taken (PENDING), archived with its executor and sandbox (QUEUED), given to its executor
once that has subscribed (LAUNCHED). A kill on the way takes effect where the task is; what was killed is
never launched. Each update goes executor -> agent -> stream -> executor: it is acknowledged to the executor
when it is safe. Each acknowledgement goes master -> agent -> stream -> agent: with the last one the task is
forgotten. Whatever ends a task otherwise (its executor's end, a restart, a refusal) is an update of the
agent's own in the same stream, of which the first terminal one counts.

*What survives*: the agent's id and total always; frameworks, executors, tasks and their streams if the
framework checkpoints. Nothing is started before it is archived, and nobody is told of an update, or of an
executor's end, before it is durable: what it frees is given to others. After a restart the executor node says
what runs and what has ended; executors that do not subscribe again in time are destroyed; only then the agent
registers, with all that it knows.
"""
