"""Adapters: what already exists, as a model that sits an exam."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from jaxtyping import UInt8

from cuspworld.clip import Clip
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.exam.answers import Refusal
from cuspworld.exam.question import Question, Scene
from cuspworld.exam.references import Oracle, rows
from cuspworld.models import read_config
from cuspworld.video.frames import resize_frames

if TYPE_CHECKING:
    from cuspworld.dynamics.jepa import JEPA
    from cuspworld.dynamics.readout import Readout
    from cuspworld.simulator.simulator import Simulator

Frames = UInt8[np.ndarray, "t h w 3"]
New = UInt8[np.ndarray, "n height width 3"]


@dataclass(eq=False)
class SimulatorModel:
    """Our Simulator, which goes on from the given frames without a prompt. `transport`: "brenier", along paths that
    know the folds, or "flow", the same transformer without them: the baseline."""

    simulator: Simulator
    transport: str = "brenier"

    @property
    def name(self) -> str:
        return f"{self.simulator.name or 'simulator'} ({'with folds' if self.transport == 'brenier' else 'baseline'})"

    @property
    def taught(self) -> tuple[str, ...]:
        return tuple(kind.name for kind in self.simulator.kinds)

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        count = max(1, round(seconds * fps))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CuspWarning)
            clip = self.simulator(
                None, video=Clip(frames, fps), seconds=(count + 0.5) / fps, fps=fps, size=frames.shape[1:3], seed=seed,
                transport=self.transport,
            )  # fmt: skip
        given = len(clip) - count if len(clip) <= len(frames) + count else len(frames)
        return clip.frames[given:][:count]

    def features(self, frames: Frames) -> dict[str, np.ndarray]:
        """The codec's latents, one row a latent step, and the scene codes of the kind that the frames look like."""
        import torch

        from cuspworld.codec.codec import to_tensor
        from cuspworld.simulator.looking import look_at

        simulator = self.simulator
        size = (simulator.config.height, simulator.config.width)
        shown = frames if frames.shape[1:3] == size else resize_frames(frames, size)
        with torch.inference_mode():
            latents = simulator.codec.encode(to_tensor(shown)[None])[0].cpu()
        found = {"latents": latents.flatten(1).numpy()}
        look = look_at(simulator, shown)
        if look is not None:
            found["scene code"] = np.asarray(simulator.kinds[look.kind].code.of(latents))
        return found


@dataclass(eq=False)
class DynamicsModel:
    """A JEPA with its readout: embeddings roll on under the actions, and are drawn. Without actions nothing is done."""

    model: JEPA
    readout: Readout
    name: str = "dynamics"
    stages: tuple[tuple[int, float | None, JEPA], ...] = ()  # step, loss then, and the model as it was

    @property
    def taught(self) -> tuple[str, ...]:
        return (self.readout.config.world,)

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        import torch

        config = self.model.config
        if abs(fps - config.fps) > 1e-6:
            raise Refusal(f"was trained at {config.fps:g} frames a second, asked for {fps:g}")
        count = max(1, round(seconds * fps))
        state = self.model.encode(self._own(frames))
        done = torch.zeros(1, count, len(config.actions))
        if action is not None:
            if np.shape(action) != (count, len(config.actions)):
                raise Refusal(f"its actions are {', '.join(config.actions)}: got {np.shape(action)} for {count} frames")
            taken = torch.as_tensor(np.asarray(action), dtype=torch.float32)
            done = torch.clamp(taken, self.model.action_low, self.model.action_high)[None]
        with torch.inference_mode():
            embeddings = self.model.roll(state, done / self.model.action_scale)[0]
            pictures = self.readout.pictures(embeddings).clamp(0, 255).round().byte()
        made = pictures.movedim(1, -1).numpy()
        return made if made.shape[1:3] == frames.shape[1:3] else resize_frames(made, frames.shape[1:3])

    def surprise(self, frames: Frames) -> np.ndarray:
        """(t,) how far each frame's embedding is from the prediction without an action, in strides; 0 at the first."""
        import torch

        z = self.model.embed(self._own(frames))
        found = np.zeros(len(z))
        history = self.model.config.history
        nothing = torch.zeros(1, 1, len(self.model.config.actions))
        with torch.inference_mode():
            for k in range(1, len(z)):
                past = z[max(0, k - history) : k]
                state = torch.cat([past[:1].expand(history - len(past), -1), past])[None]
                found[k] = float((self.model.roll(state, nothing)[0, 0] - z[k]).norm() / self.model.stride)
        return found

    def features(self, frames: Frames) -> dict[str, np.ndarray]:
        """Each layer of the encoder after its activation, (t, ...) one row a frame, and the embedding."""
        return layers_of(self.model, self._own(frames))

    def features_then(self, frames: Frames) -> list[tuple[int, float | None, dict[str, np.ndarray]]]:
        """The same at each step that training kept, with the loss then."""
        return [(step, loss, layers_of(model, self._own(frames))) for step, loss, model in self.stages]

    def _own(self, frames: Frames) -> New:
        size = (self.model.config.height, self.model.config.width)
        return frames if frames.shape[1:3] == size else resize_frames(frames, size)


def layers_of(model: JEPA, frames: Frames) -> dict[str, np.ndarray]:
    import torch
    from torch import nn

    found: list[np.ndarray] = []
    activations = [module for module in model.encoder.modules() if isinstance(module, nn.SiLU)]
    hooks = [m.register_forward_hook(lambda _, __, x: found.append(x.flatten(1).numpy())) for m in activations]
    try:
        with torch.inference_mode():
            embedding = model.of_frames(torch.from_numpy(frames)).numpy()
    finally:
        for hook in hooks:
            hook.remove()
    return {**{f"layer {k + 1}": layer for k, layer in enumerate(found)}, "embedding": embedding}


@dataclass(eq=False)
class EnvironmentModel:
    """Any Gymnasium environment that draws rgb arrays: reset with the scene's seed, stepped with the scene's actions.

    `make`: the environment of a scene. A first-principles world is an oracle; a learned one is told the first
    picture by its own reset."""

    make: Callable[[Scene], gymnasium.Env]
    name: str = "environment"

    def answer(self, question: Question) -> New:
        scene = question.scene
        if scene is None:
            raise Refusal("an environment begins from a seed, and these frames are of no scene")
        given, total = len(question.frames), len(question.frames) + question.count
        actions = scene.play(total, drawn=False).actions
        environment = self.make(scene)
        try:
            environment.reset(seed=scene.seed, options=dict(scene.options) or None)
            made = []
            for k in range(1, total):
                environment.step(actions[k - 1].astype(np.float32))
                if k >= given:
                    made.append(np.asarray(environment.render()))
        finally:
            environment.close()
        frames = np.stack(made)
        size = question.frames.shape[1:3]
        return frames if frames.shape[1:3] == size else resize_frames(frames, size)


@dataclass(eq=False)
class DiffusersModel:
    """Any diffusers pipeline that makes a video from an image (`image=`) or a video (`video=`). `options`: what else
    its call is given. Its frames are scaled to the size of the given ones; made for another number, the first are
    taken."""

    pipeline: Any
    options: Mapping[str, Any]
    name: str = "pipeline"

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        import torch
        from PIL import Image

        count = max(1, round(seconds * fps))
        takes = inspect.signature(self.pipeline.__call__).parameters
        images = [Image.fromarray(frame) for frame in frames]
        generator = torch.Generator().manual_seed(seed)
        own: dict[str, Any] = {"num_frames": count, "generator": generator, "output_type": "np", **self.options}
        if "video" in takes:
            own["video"] = images
        elif "image" in takes:
            own["image"] = images[-1]
        else:
            raise Refusal(
                f"{type(self.pipeline).__name__} takes neither image= nor video=: it cannot go on from frames"
            )
        made = np.asarray(self.pipeline(**{k: v for k, v in own.items() if k in takes}).frames[0])
        if not np.isfinite(made).all():
            raise Refusal("returned NaN")
        video = (np.clip(made, 0, 1) * 255 + 0.5).astype(np.uint8)
        skip = len(frames) if "video" in takes and len(video) >= len(frames) + count else 0
        video = video[skip:][:count]
        size = frames.shape[1:3]
        return video if video.shape[1:3] == size else resize_frames(video, size)


def load(text: str, baseline: bool = False) -> Any:
    """What `cusp exam` is given: "default" or a folder that `cusp train` wrote, a reference row by its name ("oracle"),
    or MODULE:OBJECT of your own, which is called where it is a class or a function. Raises CuspError."""
    references = rows(())
    if text in references and text != "nearest training clip":
        return references[text]
    module, colon, name = text.partition(":")
    if colon and name.isidentifier():
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise CuspError(f"no model at {text}: {error}") from error
        return found() if isinstance(found, type) or inspect.isfunction(found) else found
    folder = Path(text)
    if text == "default" or read_config(folder).get("_class_name") != "JEPA":
        from cuspworld.simulator.simulator import Simulator

        return SimulatorModel(Simulator.from_pretrained(text), "flow" if baseline else "brenier")
    from cuspworld.dynamics.jepa import JEPA
    from cuspworld.dynamics.readout import Readout

    readout = Readout.from_pretrained(folder / "readout")
    return DynamicsModel(JEPA.from_pretrained(folder), readout, folder.name, _stages(folder.parent))


def _stages(run: Path) -> tuple[tuple[int, float | None, JEPA], ...]:
    """What `cusp train --dynamics` kept on the way; nothing of an older run."""
    from cuspworld.dynamics.jepa import JEPA
    from cuspworld.training.dynamics import KEPT

    folders = sorted(path for path in (run / KEPT).glob("[0-9]*") if path.is_dir())
    losses = json.loads((run / KEPT / "losses.json").read_text()) if (run / KEPT / "losses.json").is_file() else []
    found = []
    for path in folders:
        step = int(path.name)
        near = min(losses, key=lambda pair: abs(pair[0] - step), default=(step, None))
        found.append((step, None if near[1] is None else float(near[1]), JEPA.from_pretrained(path)))
    return tuple(found)


__all__ = ["DiffusersModel", "DynamicsModel", "EnvironmentModel", "Oracle", "SimulatorModel", "load"]
