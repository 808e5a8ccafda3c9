"""The command `mesos`, and the programs mesos-ps, mesos-cat and mesos-tail (mesos-features.md group 14).

They know a cluster by its HTTP APIs alone, so they serve any Mesos. The leading master is found by ZooKeeper,
or any master leads to it; agents are asked where the master says that they are. Names of commands and options
are those of Mesos' own; each command is a module with `configure` and `run`, as those of `pion` are.
"""
