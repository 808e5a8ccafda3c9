"""What runs the tasks of a framework on one agent.

*Every executor* is an actor: a subclass of `executor.Executor`, which is base class and driver in one. It
subscribes at its agent, keeps what was not acknowledged (`unacknowledged`), and tells it again when the link
broke. It obeys one incarnation of the agent at a time. If its framework checkpoints it waits for an agent
that is away; only then does a task outlive the agent.

*Built-in executors* (`built_in`) are actors of the executor node, and cost a thread each: `command` runs one
task, in the container whose id is its own; `default` runs groups, each task in a container nested in that,
with a sandbox of its own (`sandboxes`), one failure ending the group (`task_group`). What happens to a task,
and what is to be done then, is decided by `command_task` and performed by `task_run`; how a command becomes
a program with its environment by `container_spec`; `containment` refuses what plain processes cannot give.
`checks/` looks at tasks from time to time.

*A framework's own executor* is a child process with a node of one actor (`driver`); what it must know stands
in its environment (`settings`).

*The executor node* (`node`) is a process beside the agent, which outlives it, because it is the parent of all
that runs. `keeper` finds or starts it (`child_node`, `whereabouts`). Its actor `executors` (`host`) starts
executors and tells the agent of their ends until that forgets them (`endings`); its actor `containerizer`
makes the containers. Should the node itself die, the next one adopts what still runs (`launches`).

*Operators* have containers there, too: `guests` are nested in those of executors and tasks, or stand alone.
`consoles` lets them attach to what a container reads and writes, all at the pace of the slowest
(`audience`); `meter` measures what all containers use.

Order that is safety: an update is kept before it is sent, and forgotten when the agent says that it has it.
"""
