"""How much of a new point comes from another class, on the data sets that everybody knows (`branches_classic.py`).

    python benchmarks/extended_mixing_classic.py [--quick] [--save]

The columns are those of `extended_mixing.py`; the rule of what may be averaged was made on its clouds, not on these.
"""

import argparse

from branches_classic import clouds
from extended_mixing import row
from results import Table, add_argument

SEED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="iris, and one seed")
    add_argument(parser)
    options = parser.parse_args()
    with Table("extended_mixing_classic", options.save) as table:
        for name, points, truth in clouds(options.quick):
            table.add(row(name, points, truth, None, SEED))


if __name__ == "__main__":
    main()
