"""World: what users make and record. docs/worlds/your_own.md shows how to write one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cuspworld import html
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.worlds.crossing import crossing, crossing_time
from cuspworld.worlds.environment import Environment, Preset, Twin
from cuspworld.worlds.parameters import Parameter
from cuspworld.worlds.recording import occasion, record

__all__ = ["Parameter", "Preset", "Twin", "World", "crossing", "crossing_time"]


class World(Environment):
    """A first-principles world: a Gymnasium environment that records clips with their truth, and impossible twins.

    Arguments: `render_mode` ("rgb_array" or None), `size` in pixels of `render()` (int or (height, width)), `fps` (one
    environment step lasts 1/fps seconds), `seconds` (of an episode), `split` (train, out, recombination, varied),
    `preset`, `task` (a goal, which gives rewards: `tasks` lists them), and any physical parameter, or how it is filmed
    (`filming`), by name, which then stays fixed over all resets.
    """

    def record(
        self,
        seed: int = 0,
        *,
        seconds: float | None = None,
        size: Any = None,
        fps: float | None = None,
        caption: str = "rich",
        language: str = "en",
        twin: str | None = None,
        split: str | None = None,
        options: dict[str, Any] | None = None,
        actions: Any = None,
        passes: Sequence[str] = (),
    ) -> Clip:
        """Record a clip with its truth. Same arguments, same bytes. `size` and `fps` are the world's own where None.

        `twin`: re-render the same seed with one law broken from a known frame on (`twins` lists them). `actions`: one
        row a frame (frames, action columns), or "random", in place of what the parameters say. `passes`: "depth" and
        "flow" fill the truth's fields of these names. Raises CuspError for bad values.
        """
        return record(self, seed, seconds, size, fps, caption, language, twin, split, options, actions, passes)

    def __repr__(self) -> str:
        fixed = "".join(f", {name}={value!r}" for name, value in self.fixed.items())
        return f"{self.name}(size={self.size}, fps={self.fps:g}, split={self.split!r}{fixed})"

    __str__ = __repr__  # Gymnasium's would say only the class

    def _repr_html_(self) -> str:
        parameters = [
            f"{p.name} {html.shortened(p.train or p.choices or p.default)} {p.unit if p.unit != '1' else ''}".strip()
            for p in self.ranges.values()
        ]
        rows = {
            "scene": (type(self).__doc__ or "").strip().split("\n")[0],
            "clip": f"{self.seconds:g} s at {self.fps:g} fps",
            "actions": ", ".join(f"{k} ({unit})" for k, (unit, *_) in self.actions.items()) or "none",
            "state": ", ".join(f"{k} ({unit})" for k, unit in self.columns.items()),
            "parameters": ", ".join(parameters),
            "branches": ", ".join(self.branches),
            "critical events": ", ".join(self.critical_events) or "none",
            "twins": ", ".join(self.twins) or "none",
        }
        return html.table(self.name, rows)

    def twin_frame(self, twin: str, seed: int, options: Any) -> int:
        first = occasion(self, twin, self.record(seed, size=8, fps=self.fps, seconds=self.seconds, options=options))
        if first is None:
            raise CuspError(f"seed {seed} of {self.name} offers no occasion for the twin {twin!r}: take another seed")
        return first

    def twin_seed(self, twin: str, start: int = 0, **arguments: Any) -> int:
        """The first seed from `start` on whose clip offers an occasion for this twin (`arguments` as in `record`)."""
        for seed in range(start, start + 1000):
            if occasion(self, twin, self.record(seed, **{**arguments, "size": 8})) is not None:
                return seed
        raise CuspError(
            f"no seed from {start} to {start + 999} of {self.name} offers an occasion for the twin {twin!r}"
        )
