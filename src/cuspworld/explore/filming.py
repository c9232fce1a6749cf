"""The chosen experiments as clips with their truth: of a world as it records itself, of any other environment as it
draws itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.explore.experiments import Experiments
from cuspworld.truth import Truth
from cuspworld.video.frames import resize_frames
from cuspworld.worlds.world import World

RATE = 10.0  # frames a second of an environment that does not say its own


def film(experiments: Experiments, options: dict[str, Any], size: tuple[int, int]) -> Clip:
    """The experiment with these options, `size` (height, width) pixels. Of an environment that is no world the truth
    has what it observes as columns s0, s1, ..., without units.

    Raises CuspError for an environment that draws no RGB arrays, or cannot.
    """
    environment = experiments.make()
    everything = {**experiments.fixed, **options}
    try:
        if isinstance(environment.unwrapped, World):
            world = worlds.make(experiments.name, size=size)
            return world.record(experiments.seed, size=size, options=everything)
        frames, rows, branch = [], [], ""
        for row, info in experiments.played(environment, everything):
            rows.append(row)
            frames.append(_drawn(environment, experiments.name))
            branch = str(info.get("branch", ""))
    except CuspError:
        raise
    except Exception as error:
        raise CuspError(f"{experiments.name} cannot be recorded: {type(error).__name__}: {error}") from error
    finally:
        environment.close()
    pictures = np.stack(frames)
    columns = [f"s{k}" for k in range(len(rows[0]))]
    state = np.array([tuple(row) for row in rows], [(name, float) for name in columns])
    told = ", ".join(f"{name} {value:.4g}" for name, value in options.items())
    return Clip(
        pictures if pictures.shape[1:3] == size else resize_frames(pictures, size),
        float(environment.metadata.get("render_fps") or RATE),
        f"{experiments.name} with {told}" + (f": {branch}" if branch else ""),
        Truth(experiments.name, everything, state, dict.fromkeys(columns, ""), branch=branch),
    )


def _drawn(environment: Any, name: str) -> np.ndarray:
    picture = environment.render() if environment.render_mode == "rgb_array" else None
    if not (isinstance(picture, np.ndarray) and picture.ndim == 3 and picture.shape[2] == 3):
        raise CuspError(
            f'{name} draws nothing: to be recorded it must take render_mode="rgb_array", and its render() give RGB'
        )
    return picture.astype(np.uint8)
