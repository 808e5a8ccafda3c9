"""Real ZooKeepers for tests: servers of Debian's package, and a proxy that cuts connections."""
