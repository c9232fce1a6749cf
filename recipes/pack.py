"""The weights of model folders in half the space of float16: a byte a number and a scale a row (`models.packed`).

python recipes/pack.py src/cuspworld/assets/dynamics/juice src/cuspworld/assets/dynamics/candles  # and all below them
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cuspworld.files import written_whole
from cuspworld.models import packed, read_tensors, unpacked, write_tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    for folder in parser.parse_args().folders:
        for file in sorted(folder.rglob("model.safetensors")):
            before = file.stat().st_size
            with written_whole(file) as aside:
                write_tensors(aside, packed(unpacked(read_tensors(file))))
            file.chmod(0o644)
            print(f"{file}: {before:,} -> {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
