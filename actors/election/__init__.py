"""Who leads: detectors, and (with ZooKeeper) contenders."""
