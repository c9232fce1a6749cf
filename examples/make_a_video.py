"""A video from a prompt: python examples/make_a_video.py ["a prompt"] [folder]"""

import sys
from pathlib import Path

from cuspworld import Simulator

prompt = (
    sys.argv[1]
    if len(sys.argv) > 1
    else "A glass of orange juice is pushed hard; it tips over and the juice pours out."
)
folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")

simulator = Simulator.from_pretrained("default")  # shipped with the package
clip = simulator(prompt, seconds=2, seed=1)  # the same seed, the same frames
clip.write(folder / "made.mp4")
clip.write(folder / "made.png")  # a contact sheet
print(f"{len(clip)} frames of {clip.size} at {clip.fps:g} a second: {folder / 'made.mp4'}")
