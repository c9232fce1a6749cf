"""The three small networks of the digits: a judge, an autoencoder, and the velocity of flow matching in its codes."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional

from cuspworld.figures.digits_data import CLASSES, as_input

CODE = 32  # dimension of the codes: with 16 the decoder blurs one real digit in thirty, with 32 one in seventy
CODE_NOISE = 0.05  # added to codes in training, so that near codes look alike
ANCHOR = 6.0  # each kind of digit has an anchor on its own axis of the code, so far from the origin
NAMING = 0.03  # weight of naming the digit by its nearest anchor, beside the pixels' squared error: it parts the kinds
PULL = 2e-3  # weight of the squared distance to the kind's own anchor: it keeps the kinds compact


class Judge(nn.Module):
    """Which digit is it? Trained on real digits only; it never sees a code or a generated image in training."""

    def __init__(self, width: int = 24):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1),  # (n, width, 14, 14)
            nn.GELU(),
            nn.Conv2d(width, 2 * width, 4, 2, 1),  # (n, 2 width, 7, 7)
            nn.BatchNorm2d(2 * width),
            nn.GELU(),
            nn.Conv2d(2 * width, 4 * width, 3, 2, 1),  # (n, 4 width, 4, 4)
            nn.BatchNorm2d(4 * width),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(64 * width, 128),
            nn.GELU(),
        )
        self.head = nn.Linear(128, CLASSES)

    def forward(self, images: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n classes"]:
        return self.head(self.features(images))


class Autoencoder(nn.Module):
    """28 x 28 pixels to a code and back; the codes of a kind gather about its anchor as in a mixture of normals.

    Naming takes the posterior of a mixture of unit normals at the anchors (Wan et al. 2018, Gaussian mixture loss).
    """

    def __init__(self, width: int = 16, hidden: int = 256):
        super().__init__()
        self.anchors: Tensor
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1),
            nn.GELU(),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(98 * width, hidden),
            nn.GELU(),
            nn.Linear(hidden, CODE),
        )
        self.decoder = nn.Sequential(
            nn.Linear(CODE, hidden),
            nn.GELU(),
            nn.Linear(hidden, 98 * width),
            nn.GELU(),
            nn.Unflatten(1, (2 * width, 7, 7)),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            nn.GELU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1),
            nn.Sigmoid(),
        )
        self.register_buffer("anchors", ANCHOR * torch.eye(CLASSES, CODE))

    def loss(
        self, images: Float[Tensor, "n 1 h w"], labels: Int64[Tensor, " n"], generator: torch.Generator
    ) -> Float[Tensor, ""]:
        code = self.encoder(images)  # (n, CODE)
        apart = (code[:, None] - self.anchors).square().sum(2)  # (n, classes)
        naming = functional.cross_entropy(-0.5 * apart, labels)
        pull = apart.gather(1, labels[:, None]).mean()
        pixels = functional.mse_loss(
            self.decoder(code + CODE_NOISE * torch.randn(code.shape, generator=generator)), images
        )
        return pixels + NAMING * naming + PULL * pull


class Velocity(nn.Module):
    """dx/dt of flow matching in code space: a residual perceptron of x and of Fourier features of t.

    With `branches` above 0 it is told in which branch of the data the path ends.
    """

    def __init__(self, dimension: int = CODE, branches: int = 0, width: int = 256, blocks: int = 2):
        super().__init__()
        self.branches = branches
        self.enter = nn.Linear(dimension + 16 + branches, width)
        self.blocks = nn.ModuleList(nn.Sequential(nn.SiLU(), nn.Linear(width, width)) for _ in range(blocks))
        self.leave = nn.Linear(width, dimension)

    def forward(
        self, x: Float[Tensor, "n d"], time: Float[Tensor, " n"], branch: Int64[Tensor, " n"] | None = None
    ) -> Float[Tensor, "n d"]:
        angle = time[:, None] * (math.pi * torch.arange(1, 9))  # (n, 8)
        known = [x, angle.sin(), angle.cos()]
        if branch is not None:
            known.append(functional.one_hot(branch, self.branches).float())  # (n, branches)
        hidden = self.enter(torch.cat(known, dim=1))  # (n, width)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.leave(functional.silu(hidden))


def train(model: nn.Module, loss: Callable[[int], Tensor], steps: int, rate: float) -> None:
    """Minimise loss(step) by AdamW under a one-cycle learning rate."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    model.train()
    for step in range(steps):
        optimizer.zero_grad()
        loss(step).backward()
        optimizer.step()
        schedule.step()
    model.eval()


class Batches:
    """Endless shuffled batches of (images, labels): batch number k is the same whatever was asked before."""

    def __init__(self, images: UInt8[Tensor, "n h w"], labels: Int64[Tensor, " n"], size: int, seed: int):
        self.images, self.labels, self.size, self.seed = images, labels, min(size, len(images)), seed
        self.in_epoch = len(images) // self.size
        self._epoch, self._order = -1, torch.empty(0)

    def __getitem__(self, step: int) -> tuple[Float[Tensor, "b 1 h w"], Int64[Tensor, " b"]]:
        epoch, at = divmod(step, self.in_epoch)
        if epoch != self._epoch:
            generator = torch.Generator().manual_seed(self.seed * 1009 + epoch)
            self._epoch, self._order = epoch, torch.randperm(len(self.images), generator=generator)
        rows = self._order[at * self.size : (at + 1) * self.size]
        return as_input(self.images[rows]), self.labels[rows]


def in_parts(function: Callable[[Tensor], Tensor], rows: Tensor, size: int = 500) -> Tensor:
    """function(rows), so many rows at a time, without gradients."""
    with torch.no_grad():
        return torch.cat([function(part) for part in rows.split(size)])
