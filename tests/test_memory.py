"""The most memory that a process has had is its own, not that of the one that started it."""

import json
import subprocess
import sys

CHILD = "from cuspworld.memory import own_peak; ball = bytes(range(256)) * (SIZE << 12); print(own_peak())"
PARENT = """
import json, subprocess, sys
from cuspworld.memory import own_peak
ball = bytes(range(256)) * (300 << 12)
told = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for code in json.loads(sys.argv[1])]
print(json.dumps([own_peak(), *map(int, told)]))
"""


def test_a_large_parent_is_not_counted_and_what_a_process_holds_is() -> None:
    codes = [CHILD.replace("SIZE", "0"), CHILD.replace("SIZE", "100")]
    done = subprocess.run([sys.executable, "-c", PARENT, json.dumps(codes)], capture_output=True, text=True, check=True)
    parent, small, large = json.loads(done.stdout)
    assert parent > 300 << 20
    assert small < 150 << 20
    assert 100 << 20 < large < 250 << 20
