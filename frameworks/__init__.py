"""What runs on top of the cluster: actors that ask for resources and decide what to do with them.

Everything here is written against the same `actors.process.Process` that the master and the agents are,
and nothing below imports it: a framework of your own needs no place in this package.
"""
