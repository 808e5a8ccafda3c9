"""What runs on top: frameworks, their schedulers and executors, and how to write and test one.

A framework is a *scheduler*, an actor that subclasses `scheduler.Scheduler`, and perhaps an *executor* of its
own (`actors.executor.executor`). The scheduler overrides what it is told (`resource_offers`, `update`, …) and
calls the master by its methods (`launch`, `decline`, `kill`, …). Beneath it:

- `subscriber` finds the leading master by a detector, subscribes, links it, and begins again when the
  connection, the master, or its heart is lost (`subscription` decides when). Only the actor that answered
  the subscription is heard, so what a former leader still says does not count. A teardown has no answer;
  it is repeated until the master refuses to subscribe the framework.
- `deliveries` remembers which updates were handled: agents repeat theirs until an acknowledgement gets
  through, and each is delivered once all the same. What was not acknowledged when the scheduler dies is told
  to its successor, which takes over by the framework's id.
- A launch can get lost with its connection, and nobody knows of it then but the scheduler. So `unsettled`
  names the tasks that are not over, and reconciliation, after each subscription and every so often, tells
  what became of them.
- `offered` takes the resources of tasks from an offer, as they were offered.

A scheduler runs on any node: `pion node --actor=name=module:Class,master=host:port` or, for a command, in a
node of its own (`host`). `testing` is a whole cluster in virtual time, with all faults, to try it on first.
`execute` is `mesos-execute`; `examples` are frameworks, and smaller actors, to learn from.
"""
