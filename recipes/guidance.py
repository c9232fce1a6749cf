"""How the package's experts are guided along a path, into its paths' config.json (`simulator/guidance.py`).

Chosen on captions of the seeds from 12,900,000, of scales 1, 1.5, 2 and 3 (docs/simulator.md); what a world does not
name has none: at Juice, Chair and Candles guidance by the sketch loses.

python recipes/guidance.py
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cuspworld.files import written_whole
from cuspworld.models import read_config
from cuspworld.simulator.folder import DEFAULT

SCALES = {
    "Puppies": {"sketch": 2.0},
    "Collision": {"sketch": 1.5},
    "Candles": {"actions": 2.5},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into a copy of the shipped model instead")
    into = parser.parse_args().into
    told = read_config(into / "paths")
    for kind in told["kinds"]:
        if kind["name"] in SCALES:
            kind["guidance"] = SCALES[kind["name"]]
    with written_whole(into / "paths" / "config.json") as aside:
        aside.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
