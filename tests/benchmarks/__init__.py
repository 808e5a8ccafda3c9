"""What Pion must reach, measured: `python -m tests.benchmarks NAME` prints one JSON object a line.

Speed is never asserted by a test, since a busy machine would fail it. A figure is a ratio wherever it can
be: ours against the bare library below it, in the same layout of threads and processes, with the same
content, the two run in turns, and the median taken, so that what else the machine does weighs on both.
"""
