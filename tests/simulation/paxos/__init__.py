"""The replicated log under everything that can go wrong with it (reliability.md I17-I20).

Three ways to look at it:

- `schedule`: one seed, one course of a world of replicas, writers, disks and a network (`world`), made of the
  pure parts of `actors.log` and driven event by event, a hundred thousand a second. Half of the seeds have
  their faults placed at steps of the protocol, the others at random. A `referee` who knows the definitions of
  Paxos and nothing of the code sees every record that becomes durable and every word that is said. After the
  faults, all must come to agree.
- `exhaustive`: every course of a small log, each once.
- `ensemble`: the real processes, journals and all, in the simulation of whole clusters.

`planted` has bugs of the protocol that the first must find. `python -m tests.simulation.paxos` runs more.
"""
