"""The replicated log: what a majority of the masters' disks hold is never lost (mesos-protocol.md §11).

Each master's node has one replica of it, on its own disk. A leader's coordinator writes it, one value at each
position, in two phases: it has a majority of the replicas promise to heed no lesser ballot, and completes
what was begun under those; then each write needs one round trip. Ballots begin with the epoch of the reign,
so that a leader of before can never take the log back.

The decisions are pure: `replica.Replica` and `coordinator.Coordinator` answer each message with effects in an
order that is safety: what is to be persisted stands before what may be said once it is durable.
"""
