"""The replicated log: what a majority of the masters' disks hold is never lost (mesos-protocol.md §11).

Each master's node has one replica of it, on its own disk (`journal`). A leader's coordinator writes it,
one value at each position, in two phases: it has a majority of the replicas promise to heed no lesser
ballot, and completes what was begun under those; then each write needs one round trip. Ballots begin
with the epoch of the reign, so that a leader of before can never take the log back.

The decisions are pure: `replica.Replica`, `coordinator.Coordinator` and `recovery.Recovery` answer each
message with effects in an order that is safety: what is to be persisted stands before what may be said
once it is durable. The actors around them are `process.ReplicaProcess`, `store.LogStore` (of one reign,
with a coordinator) and `recoverer.LogRecovery`.

Beyond Mesos:

- *One write at a time.* Were several under way, one of an earlier reign could be completed behind
  what a later one wrote. For the same reason whoever learns a value binds itself to the ballot
  under which it was chosen.
- *A lost disk is another replica.* What a replica said before it lost its disk may be counted by a
  coordinator long after, together with what others say. So it comes back under a greater id, tells
  that to all before it votes, and each vote names the ids that its replica has met: votes that
  contradict each other do not count together (`votes`).
- *A disk that was set back* to an older state is found out by others, who remember how far each id
  has accepted values: a replica that votes must hear from a quorum, itself included, before it
  votes again after a restart.
- *Damage* makes a replica recover with nothing, never begin anew as if it were new.
- *Catching up copies what is known to be chosen*; nobody but the leader's coordinator proposes
  values.
"""
