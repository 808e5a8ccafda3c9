"""What runs on top: schedulers and executors plugged into the cluster, and examples of actors.

A framework is made of processes like everything else, so it is tested in the simulation first and hosted
by any node afterwards. `examples` holds small ones to learn from.
"""
