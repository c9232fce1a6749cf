"""V-JEPA 2 (Assran et al. 2025) as a judge: surprise is how far the future's latents lie from the predicted ones.

As in Garrido et al. 2025, "Intuitive physics understanding emerges from self-supervised pretraining on natural videos":
the encoder sees the first half of a window, the predictor imagines the latents of the second half, and the surprise of
each patch is the mean absolute difference from the encoder's (layer-normalised) latents of what was seen. Unlike
`VJEPA2Model.forward`, the context is encoded without the future: attention would carry it over.

The weights load by name, through `transformers`, where the user has them; nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from cuspworld.audit.judges.interface import Surprise, nothing, on_grid
from cuspworld.errors import CuspError, MissingExtraError

MEAN, STANDARD_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the published preprocessing


@dataclass(frozen=True)
class VJEPA2Judge:
    """`model`: a `transformers.VJEPA2Model`. `window`: frames a judgement, half context, half future."""

    model: Any
    window: int = 32
    name: str = "V-JEPA 2"

    def __post_init__(self) -> None:
        tubelet = self.model.config.tubelet_size
        if self.window < 2 * tubelet or self.window % (2 * tubelet):
            raise CuspError(f"window must be a multiple of {2 * tubelet} frames: got {self.window}")

    @classmethod
    def from_pretrained(
        cls, name: str = "facebook/vjepa2-vitl-fpc64-256", *, window: int = 32, device: str = "cpu"
    ) -> VJEPA2Judge:
        """Load weights that are on this machine: a folder, or a name in the Hugging Face cache.

        Raises MissingExtraError without `transformers`, CuspError where the weights are not there.
        """
        try:
            from transformers import VJEPA2Model
        except ImportError as error:
            raise MissingExtraError("V-JEPA 2", "text") from error
        try:
            model: Any = VJEPA2Model.from_pretrained(name, local_files_only=True)
        except (OSError, ValueError) as error:
            raise CuspError(
                f"the weights {name!r} of V-JEPA 2 are not on this machine: download them (hf download {name}), or "
                "give their folder"
            ) from error
        return cls(model.to(device).eval(), window)

    def score(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Surprise:
        """Surprise of each patch of the second half of every window; windows follow at half their length."""
        config = self.model.config
        half, tubelet = self.window // 2, config.tubelet_size
        side = config.crop_size // config.patch_size
        if len(frames) < self.window:
            return nothing()
        errors, times = [], []
        for start in range(0, len(frames) - self.window + 1, half):
            error = self._surprise(frames[start : start + self.window])
            errors.append(error.reshape(half // tubelet, side, side))
            times.append(start + half + (np.arange(half // tubelet) + 0.5) * tubelet)
        return on_grid(np.concatenate(times), np.concatenate(errors), frames.shape[1], frames.shape[2])

    @torch.inference_mode()
    def _surprise(self, frames: UInt8[np.ndarray, "window height width 3"]) -> Float[np.ndarray, " patches"]:
        """Of each patch of the second half, in the order of the tokens."""
        pixels = self._pixels(frames)  # (1, window, 3, crop, crop)
        context = self.model.encoder(pixel_values_videos=pixels[:, : self.window // 2]).last_hidden_state
        seen = self.model.encoder(pixel_values_videos=pixels).last_hidden_state  # (1, tokens, channels)
        known, total = context.shape[1], seen.shape[1]
        places = torch.arange(total, device=seen.device)[None]
        imagined = self.model.predictor(
            encoder_hidden_states=context, context_mask=[places[:, :known]], target_mask=[places[:, known:]]
        ).last_hidden_state
        target = torch.nn.functional.layer_norm(seen[:, known:], seen.shape[-1:])
        return (imagined - target).abs().mean(-1)[0].float().cpu().numpy()

    def _pixels(self, frames: UInt8[np.ndarray, "window height width 3"]) -> Float[Tensor, "1 window 3 crop crop"]:
        """The whole frame, squeezed to the model's square (no cropping: the audit looks at every place)."""
        parameter = next(self.model.parameters())
        size = (self.model.config.crop_size,) * 2
        small = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])
        values = torch.from_numpy(small).to(parameter.device, parameter.dtype) / 255
        values = (values - values.new_tensor(MEAN)) / values.new_tensor(STANDARD_DEVIATION)
        return values.permute(0, 3, 1, 2)[None]
