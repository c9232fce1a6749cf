"""Is the cause in the codes, and where in the picture is it? Candles, whose breath is a cheek that flushes.

    python benchmarks/causes.py [--clips 500] [--quick] [--save]

Clips of the first seeds. How well a linear reading (logistic, of seven clips in ten; AUC on the others) tells whether
somebody blows from the codes of the shipped paths, and from 64 principal components of what departs from each clip's
median frame, as they are and standardised. And of each place (8 x 8) of windows of 24 frames, how much what was just
done explains (`training.critical.caused`): the face's two places and the largest other, in units of the mean.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.stats import rankdata

from cuspworld import Simulator, worlds
from cuspworld.codec.codec import to_tensor
from cuspworld.simulator.actions import done_in
from cuspworld.training.critical import caused
from results import Table, add_argument

WINDOW, WIDTH, RIDGE = 24, 64, 1.0
FACE = ((3, 4), {"left": 0, "right": 7})  # rows, and the column by the side that is blown from


def auc(rows: np.ndarray, said: np.ndarray) -> float:
    """Of a logistic reading, (clips, steps, k) and (clips, steps), on the last three clips in ten."""
    cut = 7 * len(rows) // 10
    mean, spread = rows[:cut].mean((0, 1)), rows[:cut].std((0, 1)) + 1e-6
    known, fresh = ((part - mean) / spread for part in (rows[:cut], rows[cut:]))
    x, y = np.concatenate([known.reshape(-1, rows.shape[2]), np.ones((known[..., 0].size, 1))], 1), said[:cut].ravel()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ weights
        gradient = x.T @ (1 / (1 + np.exp(-z)) - y) + RIDGE * weights
        return float(np.logaddexp(0, z).sum() - y @ z + RIDGE * weights @ weights / 2), gradient

    weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    z, y = (fresh @ weights[:-1]).ravel(), said[cut:].ravel().astype(bool)
    return float((rankdata(z)[y].mean() - (y.sum() + 1) / 2) / (~y).sum())


def components(rows: torch.Tensor) -> np.ndarray:
    flat = rows.flatten(0, 1)
    return (rows @ torch.pca_lowrank(flat[::3] - flat.mean(0), q=WIDTH, niter=4)[2]).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="24 clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, world, latents, done, sides = Simulator.from_pretrained("default"), worlds.make("Candles"), [], [], []
    kind = next(kind for kind in model.kinds if kind.name == "Candles")
    for seed in range(24 if arguments.quick else arguments.clips):
        clip = world.record(seed=seed, seconds=3.0, fps=10.0, size=64)
        with torch.inference_mode():
            latents.append(model.codec.encode(to_tensor(clip.frames)[None])[0])
        done.append(torch.from_numpy(done_in(clip)))
        sides.append(clip.truth.parameters["side"])
    seen, breath = torch.stack(latents), torch.stack(done)
    steps = seen.shape[1] - kind.code.frames + 1
    said = (breath[:, :steps, 0] > 0).numpy().astype(float)  # in the first frame of a step: it shows from the second on
    apart = (seen - seen.median(dim=1, keepdim=True).values).flatten(2)
    mean = torch.stack([apart[:, k : k + steps] for k in range(kind.code.frames)]).mean(0)
    with Table("causes", arguments.save) as table:
        told = {"codes of the shipped paths": np.stack([kind.code.of(clip) for clip in seen])}
        told[f"{WIDTH} components of departures"] = components(mean)
        told[f"{WIDTH} of standardised ones"] = components(mean / (apart.square().mean((0, 1)).sqrt() + 1e-4))
        for what, rows in told.items():
            table.add({"what": f"whether somebody blows, from {what}", "AUC": round(auc(rows, said), 3)})
        places = torch.stack([caused(clip[:WINDOW], own[:WINDOW]) for clip, own in zip(seen, breath, strict=True)])
        rows, columns = FACE
        for side, column in columns.items():
            own = places[[at == side for at in sides]]
            largest = own.flatten(1).argmax(1)
            usual = own.mean(0)
            face = [float(usual[row, column]) for row in rows]
            others = usual.clone()
            others[rows, column] = 0
            table.add({
                "what": f"where it shows, blown from the {side}",
                "the face's places": ", ".join(f"{share:.1f}" for share in face),
                "largest other": round(float(others.max()), 1),
                "largest at the face's edge, of clips": f"{100 * float((largest % 8 == column).float().mean()):.0f} %",
            })  # fmt: skip


if __name__ == "__main__":
    main()
