"""The manifold report as one HTML page: tables, each branch's middle frame, the steps on their two principal axes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO

import numpy as np

from cuspworld import html
from cuspworld.clip import Clip
from cuspworld.curation.manifold import Manifold

_LISTED = 50  # clips near a fold that the page names


def manifold_page(
    manifolds: Sequence[Manifold], clip_of: Callable[[int, int], Clip], keys: Sequence[Sequence[str]]
) -> str:
    """`clip_of(manifold, clip)` reads a clip; `keys[manifold][clip]` is its key."""
    parts = []
    for number, manifold in enumerate(manifolds):
        parts.append(f"<h2>{escape(manifold.name or 'all clips')}</h2>")
        rows = [[d.estimator, f"{d.value:.3g}", f"{d.low:.3g} to {d.high:.3g}"] for d in manifold.dimensions]
        parts.append(html.grid("dimension of the steps' codes", ["estimator", "dimension", "nine in ten halves"], rows))
        looks = []
        for index, branch in enumerate(manifold.branches):
            clip = clip_of(number, branch.middle[0])
            frame = clip.frames[min(branch.middle[1], len(clip) - 1)]
            looks.append(html.picture(frame, f"branch {index}: {branch.steps} steps of {branch.clips} clips"))
        parts.append("<p>" + "".join(looks) + "</p>")
        parts.append(f'<img alt="steps by branch" src="data:image/png;base64,{_picture(manifold)}">')
        near = manifold.near
        parts.append(
            f"<p>{manifold.singular} of {manifold.facets} facets are singular; {int(manifold.boundary.sum())} steps "
            f"are on the boundary; {len(near)} clips ({100 * manifold.share_near:.1f} %) pass one.</p>"
        )
        named = "".join(f"<li>{escape(html.shortened(keys[number][clip]))}</li>" for clip in near[:_LISTED])
        parts.append(f"<ul>{named}</ul>" + (f"<p>and {len(near) - _LISTED} more</p>" if len(near) > _LISTED else ""))
    style = "<style>body{font:15px sans-serif;max-width:60em;margin:2em auto}td,th{padding:2px 8px}</style>"
    return f"<!doctype html><meta charset=utf-8><title>manifold</title>{style}{''.join(parts)}"


def _picture(manifold: Manifold) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    centred = manifold.codes - manifold.codes.mean(0)
    flat = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T  # (S, 2)
    axes.scatter(flat[:, 0], flat[:, 1], s=6, c=manifold.branch, cmap="tab10", vmax=9)
    edge = flat[manifold.boundary]
    axes.scatter(edge[:, 0], edge[:, 1], s=22, facecolors="none", edgecolors="black", linewidths=0.6)
    axes.set_title("steps by branch; on the boundary: circled")
    data = BytesIO()
    figure.savefig(data, format="png", dpi=90)
    return b64encode(data.getvalue()).decode()
