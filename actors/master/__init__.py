"""The master: knows every agent, framework, task and offer, and has agents do what frameworks ask for.

`master.Master` is one actor, for one reign. It hears everybody (`scheduler_gate`, `agent_gate`), sees that
each speaks for itself alone, and leads every message to a *desk*: a plain class with a method for it. Desks
share the books (`cluster.Cluster`) and ask the world (`world.World`, which is the Master, or in tests a
recorder) to send, to save and to wait. Each has one concern:

* `frameworks` subscribes schedulers (`subscription` says who may), sees them go and come back, ends them.
* `offers` makes offers of what the allocator decided, and takes back what is not valid any more.
* `acceptance` performs what frameworks do with offers: `requests` completes it, `validation` judges it, and
  `pool` is what is left of the offers meanwhile.
* `tasks` passes updates up and acknowledgements and kills down; `reconciliation` answers questions.
* `executors` relays messages. `operations` keeps operations on resources until their outcome is acknowledged,
  `settlement` what agents have in step with it; `commissions` are those that operators ask for.
* `agents` admits agents, `returns` takes them in again by what `returning` finds they and the books differ
  in, `removals` gives them up, and `observer`, an actor of its own, pings them.
* `draining`, `maintenance` and `quotas` do what operators ask for.

Several masters stand for election, and one leads. What a node has whether it does or not is started by
`candidate`: the contender and the detector, the log's replica, and the `leadership`, which begins and ends
reigns. A reign's actors are made by the `court`, under the same names each time; each acts by a `mandate`,
which may run out. What ends a reign ends no daemon, so that the node's replica votes on while leaders change.

What makes it reliable:

* *Durable first.* What must outlive the master is told to nobody before the registrar has saved it. Before
  the registry is recovered the master is silent (`reign`); whoever wants something asks again.
* *Silent in time.* Before each turn the master makes sure that its lease lasts (`reign`): stopped or cut off
  for longer, it does nothing any more, whatever waits in its mailbox.
* *Every handler may run twice.* Registrations, subscriptions, updates and kills are repeated until they are
  answered, and a repetition changes nothing.
* *Given back once.* What an offer or a task holds is in its entry; taking it from there is what gives it
  back to the allocator (`Cluster.update_task`, `OfferDesk.discard`). What the allocator decided before an
  agent was replaced is void (`marks`).
* *Over is over.* The registry remembers which frameworks there are and which are over (`framework_register`),
  so a failover brings none of these back, and waits for none of those for ever.
* *Nothing walks.* No message about one task looks at all tasks or all agents, save removals and broadcasts.
* `Cluster.check_invariants` runs after each turn in simulation.
"""
