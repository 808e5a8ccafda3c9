"""Who is offered what: the heart of two-level scheduling, decided in microseconds.

The master tells an `allocator.Allocator` all that changes and asks it for runs; a run answers what to offer
to whom. `process.AllocatorProcess` is the thin actor around it. `hierarchical.HierarchicalAllocator` decides
as Mesos does (mesos-protocol.md §10): a run visits agents in random order, and lets roles, and the frameworks
in each, have their turn. First come guarantees that are not met yet, then everything else by fair share.

How it is kept and why it is quick:

* `ledger.Ledger` is the books: agents, frameworks, roles, quotas, and who holds what. `round.Round` is one
  run over them. Nothing else decides.
* *Exact.* Amounts are integers of thousandths. A share is an amount times a common multiple of the cluster's
  totals (`totals`), so shares of different resources compare as integers; weights are fractions. No float
  ever decides.
* *Subscriptions are bits.* A framework in a role has a bit of its own, so a set of takers is an integer:
  who is open, whom an agent's traits bar, whose constraints it fails, who refused it. Excluding a thousand of
  them is one operation.
* *Orders are kept, not sorted.* One tree holds roles and, as leaves, who takes offers in them. A sorter
  (`drf_sorter`, or `random_sorter` behind the same protocol) ranks siblings; what is allocated moves one node
  on each level, and a run asks only for the first.
* *Agents look alike.* `portion.Portion` is resources with all that is reckoned of them, one object for all
  that are equal, which remembers what it was asked. The amounts of all names are lanes of one integer
  (`lanes`), so that keeping books is one addition.
* `headroom` keeps quotas at every level of the role tree; `refusals` are filters; `constraints` and `pattern`
  are offer constraints; `explanation` says which rules keep an offer away.

The order is looked up again after each offer, since what is offered counts at once. Mesos looks once for
each agent; that differs only where roles have roles below them and the first one leaves something.
"""
