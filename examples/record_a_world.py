"""A clip with its truth, and its impossible twin: python examples/record_a_world.py [world] [twin] [folder]"""

import sys
from pathlib import Path

from cuspworld import worlds

name, twin = sys.argv[1:3] if len(sys.argv) > 2 else ("Juice", "pouring_skipped")
folder = Path(sys.argv[3] if len(sys.argv) > 3 else ".")

world = worlds.make(name)
possible = world.record(seed=0)
impossible = world.record(seed=0, twin=twin)  # the same up to the moment where one law is broken
possible.write(folder / "possible.mp4", truth=True)  # and possible.truth.npz beside it
impossible.write(folder / "impossible.mp4", truth=True)

print(possible.caption)
for event in possible.truth.events:
    print(f"  {event.time:5.2f} s  {event.name}")
print(f"ends {possible.truth.branch}; its twin breaks a law: {impossible.truth.violation.sentence}")
