"""Small synthetic videos with a known truth, drawn here and by nothing of the package."""

from __future__ import annotations

import cv2
import numpy as np

FPS = 30.0


def background(height: int, width: int, rng: np.random.Generator, textured: bool = True) -> np.ndarray:
    """A smooth backdrop, with texture like a wall or a lawn."""
    ramp = np.linspace(150, 190, height)[:, None, None] * np.array([1.0, 1.02, 1.05])
    picture = np.broadcast_to(ramp, (height, width, 3)).copy()
    if textured:
        grain = cv2.GaussianBlur(rng.normal(0, 40, (height, width)), (0, 0), 2.5)
        picture += grain[..., None]
    return np.clip(picture, 0, 255)


def draw(frame: np.ndarray, centre: tuple[float, float], radius: float, colour: tuple[int, int, int]) -> None:
    """An anti-aliased disc with sub-pixel centre, into a float frame."""
    rows, columns = np.mgrid[: frame.shape[0], : frame.shape[1]]
    cover = np.clip(radius + 0.5 - np.hypot(columns - centre[0], rows - centre[1]), 0, 1)[..., None]
    frame[:] = frame * (1 - cover) + np.array(colour) * cover


def render(
    places: list[np.ndarray],
    radii: list[float],
    colours: list[tuple[int, int, int]],
    *,
    size: tuple[int, int] = (96, 128),
    noise: float = 2.0,
    seed: int = 0,
    pan: float = 0.0,
    textured: bool = True,
) -> np.ndarray:
    """Discs along given paths (time, 2) in pixels (NaN: not there); `pan`: camera speed in pixels a frame."""
    rng = np.random.default_rng(seed)
    height, width = size
    time = len(places[0])
    wide = background(height, width + int(abs(pan) * time) + 8, rng, textured)
    frames = []
    for t in range(time):
        shift = pan * t
        matrix = np.array([[1, 0, -shift], [0, 1, 0]], np.float64)
        frame = cv2.warpAffine(wide, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        for path, radius, colour in zip(places, radii, colours, strict=True):
            if np.isfinite(path[t]).all():
                draw(frame, (path[t, 0] - shift, path[t, 1]), radius, colour)
        frame = frame + rng.normal(0, noise, frame.shape)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
    return np.stack(frames)


def straight(start: tuple[float, float], velocity: tuple[float, float], time: int) -> np.ndarray:
    """Uniform motion: (time, 2)."""
    return np.array(start) + np.arange(time)[:, None] * np.array(velocity)


RED, BLUE, GREEN, DARK = (200, 40, 40), (40, 70, 190), (40, 150, 60), (40, 40, 45)
