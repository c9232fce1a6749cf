"""A tiny model taught by a folder of videos: python examples/train_on_a_folder.py [videos] [run] [steps]

Without a folder of videos it makes one: balls that collide, with captions. Needs `pip install -e '.[training]'`.
"""

import sys
from pathlib import Path

from cuspworld import Library, Simulator, worlds
from cuspworld.training.presets import preset
from cuspworld.training.run import train, with_steps

videos = Path(sys.argv[1] if len(sys.argv) > 1 else "videos")
run = Path(sys.argv[2] if len(sys.argv) > 2 else "run")
steps = int(sys.argv[3]) if len(sys.argv) > 3 else None  # of each phase; without it the preset's own

if not videos.is_dir():
    videos.mkdir()
    world = worlds.make("Collision")
    for seed in range(12):
        clip = world.record(seed=seed, seconds=3, size=32)
        clip.write(videos / f"{seed:02}.mp4")
        (videos / f"{seed:02}.txt").write_text(clip.caption)  # a caption of the same name as its video

library = Library.create(f"{run}.lance")
library.ingest(videos, size=32, fps=10)
result = train(library, with_steps(preset("tiny"), steps, steps, None), run, seed=0)
print(f"codec: {result.psnr_before:.1f} dB before, {result.psnr_after:.1f} dB after; the model: {result.model}")

caption = library[0].caption
Simulator.from_pretrained(result.model)(caption, seconds=2, seed=0).write(f"{run}.mp4")
print(f"{run}.mp4: {caption}")
