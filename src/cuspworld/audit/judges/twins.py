"""The taught judge: a small network that learned from the worlds' impossible twins where and when which law breaks.

It knows the twelve worlds and nothing else. So it first asks whether a clip looks like one of them (the distance of
its median frame, in colour and in roughness, to the nearest that it was taught on), and is silent where it does not,
or where it has too few frames a second: there the laws speak alone. Where it may speak, it does two things, both with
weights fitted on development twins (docs/audit.md): it weighs each suspect of the laws by what it sees at that time
and place, and it adds suspects of its own. The weights are trained by `recipes/twin_judge.py`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from cuspworld.audit.calibration import MOST_SEEN, TAUGHT, Weights, odds
from cuspworld.audit.finding import SAID, Evidence, Finding, Measurement, Series, shared_place
from cuspworld.audit.judges.interface import Surprise, nothing, on_grid
from cuspworld.audit.judges.twin_look import GRID, LAWS, RATE, STRONGEST, Look, appearance, looks
from cuspworld.errors import CuspError

if TYPE_CHECKING:
    from cuspworld.audit.evidence.scene import Scene
    from cuspworld.audit.judges.twin_network import TwinNetwork

FOLDER = Path(__file__).parents[2] / "assets" / "twin_judge"
LIMIT = 0.07  # a clip that looks more unlike (root mean square, of 1) every taught clip than this is of no taught world
DARKEST = 0.55  # gain down to which a taught clip is known again
SHORTEST = 8  # looks: fewer say nothing
SLOWEST = 11.0  # frames a second: it was taught 24 and 12; of true worlds at 10 it condemned one in six
SLACK = 0.3  # seconds beside a suspect within which the judge looks
SEEN = "log-odds of the taught judge"  # what a suspect of its own was measured by


@dataclass(frozen=True)
class TwinJudge:
    """`network` gives the network, in evaluation mode, when it is first needed (most video is unlike every world, and
    costs no torch); `taught` is the appearance of the clips that it was taught on, `of` tells each one's world."""

    network: Callable[[], TwinNetwork]
    worlds: tuple[str, ...]
    taught: Float[np.ndarray, "clips cells"]
    of: Int[np.ndarray, " clips"]
    name: str = "the judge taught by twins"

    @staticmethod
    def load(folder: str | Path = FOLDER) -> TwinJudge:
        """From config.json and model.safetensors. Raises CuspError where they are missing or damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        file = Path(folder) / "model.safetensors"
        try:
            names = tuple(str(name) for name in json.loads((Path(folder) / "config.json").read_text())["worlds"])
            arrays = load_file(file)
            taught, of = (arrays.pop(f"appearance.{part}").astype(np.float32) for part in ("taught", "of"))
        except FileNotFoundError as error:
            raise CuspError(
                f"no taught judge at {folder}: give the folder that recipes/twin_judge.py wrote (config.json and "
                "model.safetensors)"
            ) from error
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise CuspError(f"{folder} is not a taught judge, or a damaged one: {error}") from error

        @cache
        def network() -> TwinNetwork:
            import torch

            from cuspworld.audit.judges.twin_network import TwinNetwork
            from cuspworld.models import load_into

            empty = TwinNetwork()
            load_into(empty, {name: torch.from_numpy(array) for name, array in arrays.items()}, file)
            return empty.eval()

        return TwinJudge(network, names, taught, of.astype(int))

    def look(self, frames: UInt8[np.ndarray, "time height width 3"], fps: float | int) -> Look | None:
        """What it sees in a clip; None where the clip is too short."""
        chosen, small = looks(frames, fps)
        return None if len(chosen) < SHORTEST else self._seen(chosen, small, *self._nearest(small))

    def _seen(self, chosen: np.ndarray, small: np.ndarray, distance: float, world: str) -> Look:
        import torch

        clip = torch.from_numpy(small).permute(0, 3, 1, 2)[None].float() / 255
        with torch.inference_mode():  # as it is, then as a mirror shows it: both at once take twice the memory
            seen, mirrored = self.network()(clip), self.network()(clip.flip(-1))
        broken, which = ((a + b.flip(-1)) / 2 for a, b in zip(seen, mirrored, strict=True))
        which = which[0].permute(0, 2, 3, 1).softmax(-1)
        return Look(chosen.astype(float), broken[0].clamp(-30, 30).numpy(), which.numpy(), distance, world)

    def world(self, frames: UInt8[np.ndarray, "time height width 3"], fps: float | int) -> str:
        """Which of the worlds that it was taught a shot looks like; empty where it looks like none."""
        distance, world = self._nearest(looks(frames, fps)[1])
        return world if distance <= 1 else ""

    def _nearest(self, small: UInt8[np.ndarray, "time side side 3"]) -> tuple[float, str]:
        """(distance of how a clip looks to the nearest taught one, 1 is the limit; that one's world)."""
        # what breaks may change the look of the rest
        return min(self._distance(appearance(part)) for part in (small, small[: max(6, len(small) // 4)]))

    def _distance(self, seen: Float[np.ndarray, " cells"]) -> tuple[float, str]:
        # darker alike everywhere is the same place in less light; the less there is, the more alike it must look
        gain = np.clip(self.taught @ seen / max(float(seen @ seen), 1e-6), 1.0, 1 / DARKEST)
        away = gain * np.sqrt(((gain[:, None] * seen - self.taught) ** 2).mean(1)) / LIMIT
        nearest = int(away.argmin())
        return float(away[nearest]), self.worlds[self.of[nearest]]

    def score(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Surprise:
        """As a Judge among others (24 frames a second): probability that a law is broken, each look and cell."""
        look = self.look(frames, RATE)
        if look is None:
            return nothing()
        return on_grid(look.times, 1 / (1 + np.exp(-look.broken)), frames.shape[1], frames.shape[2])

    def weigh(
        self, scene: Scene, frames: UInt8[np.ndarray, "time height width 3"], evidence: dict[str, Evidence]
    ) -> tuple[dict[str, Evidence], str]:
        """(the laws' evidence weighed by what the judge sees, and its own added; why it is silent, or nothing).

        `frames`: the shot as it was before tints were taken out, at working size: the judge was taught light as it is.
        """
        if not scene.camera.steady or scene.camera.moving:
            return evidence, f"{self.name}: the camera moves, and it was taught with cameras at rest"
        if scene.fps < SLOWEST:
            return evidence, f"{self.name}: it was taught at 12 frames a second and more, not at {scene.fps:g}"
        chosen, small = looks(frames, scene.fps)
        distance, world = self._nearest(small)
        if distance > 1:
            return evidence, f"{self.name}: the shot looks like none of the worlds that it knows"
        if len(chosen) < SHORTEST:
            return evidence, f"{self.name}: the shot is too short"
        return mixed(scene, self._seen(chosen, small, distance, world), evidence, TAUGHT), ""


def mixed(scene: Scene, look: Look, evidence: dict[str, Evidence], given: Weights) -> dict[str, Evidence]:
    """The laws' evidence weighed by what the judge sees, and its own added. Of two that speak of the same law at the
    same time the likelier stays; and an event that breaks one law is the less likely to break another."""
    suspects = {
        law: [_weighed(scene, look, suspect, given) for suspect in found.suspects] for law, found in evidence.items()
    }
    for own in own_suspects(scene, look, given):
        suspects[own.law] = [
            s for s in suspects.get(own.law, []) if not _same(s, own) or s.probability >= own.probability
        ]
        if not any(_same(s, own) for s in suspects[own.law]):
            suspects[own.law].append(own)
    suspects = _one_law_each(suspects)
    return {
        law: Evidence(tuple(found), "" if found else evidence[law].unchecked if law in evidence else "")
        for law, found in suspects.items()
    }


def _one_law_each(suspects: dict[str, list[Finding]]) -> dict[str, list[Finding]]:
    """Of suspects at the same time and place by different laws, all but the likeliest times what that one leaves."""
    result: dict[str, list[Finding]] = {law: [] for law in suspects}
    said: list[Finding] = []
    for suspect in sorted(itertools.chain.from_iterable(suspects.values()), key=lambda s: -s.probability):
        above = next(
            (s for s in said if s.law != suspect.law and _same(s, suspect) and shared_place(s, suspect) > 0.1), None
        )
        if above is None:
            if suspect.probability >= SAID:
                said.append(suspect)
        else:
            suspect = replace(suspect, probability=suspect.probability * (1 - above.probability))
        result[suspect.law].append(suspect)
    return result


@cache
def shipped() -> TwinJudge:
    """The judge that comes with the package."""
    return TwinJudge.load()


def seen_at(scene: Scene, look: Look, suspect: Finding) -> float:
    """The judge's largest log-odds at a suspect's time and place that its law is broken there."""
    first, last = (
        np.searchsorted(look.times, t * scene.fps - scene.first) for t in (suspect.start - SLACK, suspect.end + SLACK)
    )
    when = slice(max(0, int(first) - 1), max(int(last), int(first)) + 1)
    rows, columns = (slice(None), slice(None)) if suspect.box is None else _cells(scene, suspect.box)
    share = look.which[when, rows, columns, LAWS.index(suspect.law)] if suspect.law in LAWS else 1 / len(LAWS)
    here = np.minimum(look.broken[when, rows, columns], MOST_SEEN) + np.log(np.maximum(share, 1e-3))
    return float(here.max()) if here.size else -MOST_SEEN


def _weighed(scene: Scene, look: Look, suspect: Finding, given: Weights) -> Finding:
    """A law's suspect, made likelier or less likely by what the judge sees at its time and place."""
    total = given.law * odds(suspect.probability) + given.seen * seen_at(scene, look, suspect) + given.bias
    return replace(suspect, probability=float(1 / (1 + np.exp(-total))))


def _cells(scene: Scene, box: tuple[float | int, ...]) -> tuple[slice, slice]:
    """Cells of the grid that a box of source pixels touches, and those beside them."""
    height, width = scene.size
    fx, fy = scene.factor
    x0, x1 = (v / fx / width * GRID for v in (box[0], box[2]))
    y0, y1 = (v / fy / height * GRID for v in (box[1], box[3]))
    rows = slice(max(0, int(y0 - 0.5)), max(1, min(GRID, int(np.ceil(y1 + 0.5)))))
    columns = slice(max(0, int(x0 - 0.5)), max(1, min(GRID, int(np.ceil(x1 + 0.5)))))
    return rows, columns


def own_suspects(scene: Scene, look: Look, given: Weights) -> list[Finding]:
    """The judge's own suspects, strongest first: the peaks of its log-odds, each with the cells it reaches over."""
    broken = look.broken.copy()
    peaks = broken.max((1, 2))
    curve = tuple(scene.time(t) for t in look.times), tuple(float(1 / (1 + np.exp(-v))) for v in peaks)
    series = (Series("probability that a law is broken, to the taught judge", "", *curve),)
    height, width = scene.size
    found: list[Finding] = []
    strongest = float(np.sort(broken.ravel())[-STRONGEST:].mean())
    for rank in range(3):
        t, row, column = np.unravel_index(int(broken.argmax()), broken.shape)
        peak = float(broken[t, row, column])
        seen = strongest if rank == 0 else peak
        if rank and peak < 0:
            break
        high = (broken > max(peak - 2.0, 0.0 if peak > 0.5 else peak - 0.5)).astype(np.uint8)
        over = high[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].max((1, 2))
        first, last = t, t
        while first > 0 and over[first - 1]:
            first -= 1
        while last < len(over) - 1 and over[last + 1]:
            last += 1
        _, labels = cv2.connectedComponents(high[first : last + 1].max(0), connectivity=8)
        rows, columns = np.nonzero(labels == labels[row, column])
        box = (
            columns.min() * width / GRID,
            rows.min() * height / GRID,
            (columns.max() + 1) * width / GRID,
            (rows.max() + 1) * height / GRID,
        )
        share = look.which[first : last + 1, rows, columns].mean((0, 1))
        law = LAWS[int(share.argmax())]
        total = given.own * min(seen, MOST_SEEN) + given.own_bias
        begin, end = float(look.times[first]), float(look.times[last])
        found.append(
            Finding(
                law=law,
                start=scene.time(max(0.0, begin - 0.5)),
                end=scene.time(end + 0.5),
                box=scene.source_box(_things_in(scene, int(look.times[t]), box)),
                probability=float(1 / (1 + np.exp(-total))),
                measured={
                    SEEN: Measurement(seen, ""),
                    "probability that it is this law": Measurement(float(share.max()), ""),
                },
                sentence=f"Taught by impossible twins of {look.world}, the judge sees that {law.broken}.",
                series=series,
            )
        )
        a, b = max(0, first - 3), last + 4
        broken[a:b, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = -np.inf
        if not np.isfinite(broken).any():
            break
    return found


def _things_in(scene: Scene, frame: int, box: tuple[float, ...]) -> tuple[float, ...]:
    """The box of what lies by half at least in a box of cells, then or a frame before; the box if nothing does."""
    x0, y0, x1, y1 = box
    inside = []
    for blob in itertools.chain.from_iterable(scene.blobs[max(0, frame - 1) : frame + 1]):
        a, b, c, d = blob.box
        shared = max(0.0, min(c, x1) - max(a, x0)) * max(0.0, min(d, y1) - max(b, y0))
        if shared >= 0.5 * (c - a) * (d - b):
            inside.append(blob.box)
    if not inside:
        return box
    corners = np.array(inside, float)
    return (*corners[:, :2].min(0).tolist(), *corners[:, 2:].max(0).tolist())


def _same(a: Finding, b: Finding) -> bool:
    """Do two suspects speak of the same time?"""
    return a.start <= b.end + SLACK and b.start <= a.end + SLACK
