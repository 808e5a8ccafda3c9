"""Who leads: how masters are elected by ZooKeeper, and how everybody else finds the one that leads.

*Below* is one actor of each node, "zookeeper" (`session`), with the node's session; everything else talks to
it in messages only (transport/messages/zookeeper.py), and so runs in simulation as it is
(`actors.simulation.zookeeper`).

*A group* is the numbered nodes below a path. `group` watches one: reads it after each connection, at each
change, and now and then, for watches get lost. `member` joins one besides, and finds out what became of a
join whose answer was lost (`seat`). Three actors are made of these:

- "contender" (`contender`) stands for election. The least number leads; the number plus one is the epoch of
  the reign. It tells its owner until when it may act (`lease`), which is always before the session can end,
  so that no two lead at a time, however long one of them was cut off or stood still.
- "detector" (`detector`) knows the leader by what the first node holds (`leader_data`) and tells whoever
  asks, here or elsewhere (`watchers`). Two other kinds know it without ZooKeeper: `asking`, from any
  master's node, and `standalone`, where there is one master only.
- "log-members" (`membership`) keeps the list of the replicated log's replicas.

*Epochs* go with every message between nodes (`System.epoch`). Who has heard of a newer one than that of the
master it obeys is in `doubt`, obeys nobody, and has its detector look anew, which is right, up or down.

`address` and `url` read what people write, and start what that needs.
"""
