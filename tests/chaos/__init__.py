"""The real rig (reliability.md §5.4): a cluster of real processes on one machine, and all that can go wrong.

Three ZooKeepers, three masters, four agents and a framework stand on hosts of their own: network namespaces
on a switch, whose links are cut with iptables. A driver, seeded, kills and stops processes, cuts links and
fills disks, and starts again what has ended, as systemd would; no hand heals anything. `python -m
tests.chaos` has the runs, `test_smoke.py` a minute of them. Root is needed, and nothing stays behind: what a
driver that died left is swept away by the next one (`slot`).

Who knows what, by one monotonic clock, each in a file of its own:

* tasks write down that they start and end (`history.commands`): the truth;
* the framework writes down all that it says and hears (`load`);
* the driver writes down faults, who leads by every detector, who answers, each entry of every replica's log,
  and an operator's requests with their answers (`observer`, `log_reader`, `operator`).

When a run has come to rest, `checks` compares these. The checks share no code with what they check, but for
reading its records; each is shown to fail in `test_checks.py`.
"""
