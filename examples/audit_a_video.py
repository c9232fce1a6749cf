"""Is a video physically possible? python examples/audit_a_video.py [video] [folder]"""

import sys
from pathlib import Path

from cuspworld import Clip, audit, worlds

folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
impossible = worlds.make("Juice").record(seed=0, twin="pouring_skipped")  # the juice is suddenly on the table
clip = Clip.read(sys.argv[1]) if len(sys.argv) > 1 else impossible

report = audit(clip)
print(f"score {report.score:.2f}: the probability that no checked law is broken")
for finding in report.findings:
    print(f"  {finding.start:.2f}-{finding.end:.2f} s, {finding.law}, {finding.probability:.2f}: {finding.sentence}")
print(f"the page: {audit.write_page(report, folder / 'audit.html', clip)}")
