"""Which clips set thresholds (dev) and which are judged (test). Nothing is fitted on a test clip.

Worlds: development seeds 0-999, test seeds from 1,000,000 on. Real clips: by file, below; they lie in videos/ of the
folder that CUSPWORLD_DATA names, else of ../shared/data.
"""

from __future__ import annotations

import os
from pathlib import Path

FIRST_SEED = {"dev": 0, "test": 1_000_000}
SIZE, FPS = 128, 24.0  # pixels and frames per second of the worlds' clips

DEV_FILES = (
    "physion_0.mp4",
    "physion_1.mp4",
    "phyre00_gt.mp4",
    "phyre00_gpt-5.mp4",
    "phyre00_gemini-3-pro.mp4",
    "physicsiq_match_real.mp4",
    "physicsiq_match_generated.mp4",
    "tracker_car_in_loop.mp4",
    "videophy_lavie_net_ball.gif",
    "videophy_lavie_tap.gif",
)
TEST_FILES = (
    "physion_2.mp4",
    "physion_3.mp4",
    "physion_4.mp4",
    "phyre06_gt.mp4",
    "phyre06_gpt-5.mp4",
    "phyre06_gemini-3-pro.mp4",
    "physicsiq_tangerine_real.mp4",
    "physicsiq_pour_real.mp4",
    "physicsiq_pour_generated.mp4",
    "trackpy_bulk_water.mov",
    "videophy_apple_bounces.mp4",
    "videophy_coffee_milk.mp4",
    "videophy_pika_cream.gif",
)

# What the owner of each clip says of it: None true; a set of laws, any of which names the fault; "?" not labelled.
LABELS: dict[str, set[str] | str | None] = {
    "physion_0.mp4": None,
    "physion_1.mp4": None,
    "physion_2.mp4": None,
    "physion_3.mp4": None,
    "physion_4.mp4": None,
    "phyre00_gt.mp4": None,
    "phyre06_gt.mp4": None,
    "physicsiq_match_real.mp4": None,
    "physicsiq_tangerine_real.mp4": None,
    "physicsiq_pour_real.mp4": None,
    "tracker_car_in_loop.mp4": None,
    "trackpy_bulk_water.mov": None,
    "videophy_lavie_tap.gif": None,
    "physicsiq_match_generated.mp4": {"cause"},
    "physicsiq_pour_generated.mp4": {"conservation", "cause", "arrow"},
    "videophy_apple_bounces.mp4": {"permanence", "identity"},
    "videophy_lavie_net_ball.gif": {"gravity", "identity"},
    "videophy_pika_cream.gif": {"conservation"},
}


def files(split: str) -> list[Path]:
    """The real clips of this split, of those that are in the folder of the test inputs; says which are missing."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data")) / "videos"
    found = [folder / name for name in (DEV_FILES if split == "dev" else TEST_FILES)]
    if missing := [path.name for path in found if not path.is_file()]:
        print(f"(not in {folder}: {', '.join(missing)}; set CUSPWORLD_DATA to the folder of the test inputs)")
    return [path for path in found if path.is_file()]
