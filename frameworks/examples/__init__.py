"""Small programs of actors to learn from, tested in the simulation, and run by `python -m` or `pion node`.

Actors alone: `ping` is the smallest one that survives a bad network: two actors, one question at a time,
asked again until it is answered. `primes` shares work out to actors on other nodes and copes with those
that die; it is what `pion demo` shows.

Frameworks: `experiment` runs some tasks under an executor of its own (`echo_executor`), `long_lived` keeps
tasks running for ever, and `sharing` shows two frameworks on one cluster. `word_count` maps and reduces real
files (`counting_executor`, `words`), whatever befalls master and agents.
"""
