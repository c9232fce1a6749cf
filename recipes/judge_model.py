"""What do the shipped model's clips show? 32 fixed prompts and seeds, judged by a network and by people.

    python recipes/judge_model.py --folder runs/default [--model default] [-o runs/default/judged.png]

The judge is a small convolutional network that reads from frames a recording's world, number of puppies, outcome of the
push, and colour of the juice. It learns from the recipe's recordings and is checked on recordings that neither it nor
the model has seen; both figures are printed. It is no person: the contact sheet (one row a prompt) is for eyes.
"""

import argparse
import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from default_model import WORLDS, record
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.codec import draw_samples

CHECK_SEEDS = range(2_000_000, 2_000_100)  # recordings of each world that check the judge
LENGTH, FRAMES = 21, 7  # the judge sees 7 of a clip's first 21 frames
STEPS, BATCH = 2400, 16
COLOURS = ("orange", "red", "purple", "green", "blue")
COATS = ("brown", "white", "black", "golden", "grey")  # of puppies; those of one clip differ
QUESTIONS = {  # question -> its answers; every clip answers the first, a clip of one world the others
    "world": tuple(WORLDS),
    "puppies": ("three", "four"),
    "outcome": ("tips", "stays"),
    "colour": COLOURS,
}

# prompt -> the answers that its clip should give; (world, puppies, outcome, colour)
PROMPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("A red ball and a blue ball collide.", ("Collision",)),
    ("A big green ball and a small yellow ball roll towards each other and collide.", ("Collision",)),
    ("An orange ball rolling fast meets a purple ball; they hit each other.", ("Collision",)),
    ("Two balls collide: a red ball from the left and a green ball from the right.", ("Collision",)),
    ("A small blue ball and a big orange ball collide; both bounce back.", ("Collision",)),
    ("Two balls collide.", ("Collision",)),
    ("A yellow ball and a purple ball hit each other and bounce back.", ("Collision",)),
    ("A big red ball and a big yellow ball collide.", ("Collision",)),
    ("A glass of orange juice is pushed hard; it tips over and the juice pours out.", ("Juice", "tips", "orange")),
    ("A hand pushes a glass of red juice hard. The glass falls over.", ("Juice", "tips", "red")),
    ("A glass of purple juice tips over on the table and spills its juice.", ("Juice", "tips", "purple")),
    ("Pushed hard, a glass of green juice falls over and the juice spills.", ("Juice", "tips", "green")),
    ("A glass of blue juice tips over and pours out over the table.", ("Juice", "tips", "blue")),
    ("A hand pushes a glass of orange juice hard; it falls over and spills.", ("Juice", "tips", "orange")),
    ("A glass of orange juice is pushed gently; it rocks and settles back.", ("Juice", "stays", "orange")),
    ("A hand pushes a glass of red juice gently. The glass stays upright.", ("Juice", "stays", "red")),
    ("A glass of purple juice rocks on the table and stands again.", ("Juice", "stays", "purple")),
    ("Pushed gently, a glass of green juice rocks back; no juice is spilled.", ("Juice", "stays", "green")),
    ("A glass of blue juice is pushed gently but stays upright.", ("Juice", "stays", "blue")),
    ("A glass of red juice rocks and settles back, and no juice is spilled.", ("Juice", "stays", "red")),
    ("Three puppies romp over the grass around a red ball.", ("Puppies", "three")),
    ("Three puppies, a black one, a brown one and a white one, play on the grass.", ("Puppies", "three")),
    ("Three little dogs run about on a green meadow.", ("Puppies", "three")),
    ("On the grass three puppies play with a red ball.", ("Puppies", "three")),
    ("Three puppies chase a red ball: a golden one, a grey one and a black one.", ("Puppies", "three")),
    ("Three dogs, a brown one, a golden one and a white one, run on a meadow.", ("Puppies", "three")),
    ("Four puppies romp over the grass around a red ball.", ("Puppies", "four")),
    ("Four puppies, a black one, a brown one, a white one and a grey one, play.", ("Puppies", "four")),
    ("Four little dogs run about on a green meadow.", ("Puppies", "four")),
    ("On the grass four puppies play with a red ball.", ("Puppies", "four")),
    ("Four puppies chase a red ball: a golden one, a grey one, a black one and a white one.", ("Puppies", "four")),
    ("Four dogs, a brown one, a golden one, a white one and a black one, run on a meadow.", ("Puppies", "four")),
)


@dataclass(frozen=True)
class Labelled:
    """Frames uint8 (clip, frame, height, width, 3), the answers (clip, question) by index, -1 where none applies, and
    which coats are there (clip, coat), of clips whose caption names them all."""

    frames: np.ndarray
    answers: np.ndarray
    coats: np.ndarray


class Judge(nn.Module):
    """Frames (batch, frame, height, width, 3) in [0, 1] -> logits of all answers, logits of the coats.

    Every frame is seen twice: as a whole, and as a sum over places, for a number of animals is a sum. The coats, each
    of which is easier to find than a number, are learned beside it and counted."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = nn.Sequential(_strided(3, 24, 48, 96, 96), nn.Flatten(), nn.Linear(96 * 16, 128))
        self.places = nn.Sequential(_strided(3, 32, 64, 96), nn.Conv2d(96, 96, 3, 1, 1), nn.SiLU())  # 8 x 8 places
        self.mixed = nn.Conv2d(96, 64, 1)
        self.clip = nn.Sequential(nn.SiLU(), nn.Linear(192 * 3, 128), nn.SiLU())
        self.coats = nn.Linear(128, len(COATS))
        self.answers = nn.Linear(128 + 1, sum(map(len, QUESTIONS.values())))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        x = frames.flatten(0, 1).movedim(-1, 1) * 4 - 2  # (batch * frame, 3, height, width)
        summed = torch.relu(self.mixed(self.places(x))).sum((2, 3)) / 8
        each = torch.cat([self.whole(x), summed], dim=1).unflatten(0, frames.shape[:2])  # (batch, frame, 192)
        x = self.clip(torch.cat([each.amax(1), each.mean(1), each[:, -1]], dim=-1))  # (batch, 128)
        coats = self.coats(x)
        number = coats.sigmoid().sum(1, keepdim=True) - 3.5
        return self.answers(torch.cat([x, 4 * number], dim=1)), coats


def _strided(*widths: int) -> nn.Sequential:
    """Convolutions that halve the picture, one for each step of `widths`."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.SiLU()]
    return nn.Sequential(*layers)


def chosen_frames(frames: np.ndarray) -> np.ndarray:
    """FRAMES of the first LENGTH, evenly spread."""
    return frames[np.linspace(0, LENGTH - 1, FRAMES).round().astype(int)]


def labelled(clips: list[tuple[str, Clip]]) -> Labelled:
    """The answers of recordings, from their captions, which say what truly happened."""
    answers = np.full((len(clips), len(QUESTIONS)), -1)
    coats = np.zeros((len(clips), len(COATS)), np.float32)
    for row, (name, clip) in enumerate(clips):
        text = clip.caption.lower()
        answers[row, 0] = QUESTIONS["world"].index(name)
        if name == "Puppies":
            answers[row, 1] = int("four" in text)
            coats[row] = [coat in text for coat in COATS]
        if name == "Juice":
            answers[row, 2] = int(not any(word in text for word in ("tips over and", "tips over on", "falls over")))
            answers[row, 3] = next(i for i, colour in enumerate(COLOURS) if f"{colour} juice" in text)
    return Labelled(np.stack([clip.frames[:LENGTH] for _, clip in clips]), answers, coats)


def learn(data: Labelled) -> Judge:
    torch.manual_seed(0)
    judge, draw = Judge(), np.random.default_rng(0)
    optimizer = torch.optim.AdamW(judge.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    for _ in range(STEPS):
        rows = draw.integers(len(data.frames), size=BATCH)
        between = np.sort(draw.choice(np.arange(1, LENGTH - 1), FRAMES - 2, replace=False))
        seen = torch.from_numpy(data.frames[rows][:, [0, *between, LENGTH - 1]]).float() / 255
        logits, coats = judge(seen.flip(3) if draw.random() < 0.5 else seen)
        answers, there = torch.from_numpy(data.answers[rows]), torch.from_numpy(data.coats[rows])
        named = there.sum(1) == answers[:, 1] + 3  # the caption names every coat
        loss = sum(_losses(logits, answers)) + 2 * named.float() @ _coat_loss(coats, there) / BATCH
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge.eval()


def _coat_loss(coats: Tensor, there: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(coats, there, reduction="none").mean(1)


def _losses(logits: Tensor, answers: Tensor) -> list[Tensor]:
    parts = logits.split([len(a) for a in QUESTIONS.values()], dim=1)
    return [nn.functional.cross_entropy(p, answers[:, q], ignore_index=-1, reduction="sum") / len(answers)
            for q, p in enumerate(parts)]  # fmt: skip


@torch.inference_mode()
def answers_of(judge: Judge, frames: np.ndarray) -> np.ndarray:
    """(clip, question) the likeliest answers, for frames (clip, LENGTH or more, height, width, 3)."""
    sizes = [len(answers) for answers in QUESTIONS.values()]
    parts = [judge(torch.from_numpy(chosen_frames(f)).float()[None] / 255)[0].split(sizes, 1) for f in frames]
    return np.array([[int(p.argmax()) for p in clip] for clip in parts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/default"), help="of recipes/default_model.py")
    parser.add_argument("--model", default="default")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/default/judged.png"))
    arguments = parser.parse_args()

    seen = [(name, clip) for name, count in WORLDS.items() for clip in record(arguments.folder, name, range(count))]
    unseen = [(name, clip) for name in WORLDS for clip in record(arguments.folder, name, CHECK_SEEDS)]
    judge = learn(labelled(seen))
    check = labelled(unseen)
    right = answers_of(judge, check.frames) == check.answers
    for q, question in enumerate(QUESTIONS):
        asked = check.answers[:, q] >= 0
        print(f"the judge on {asked.sum()} unseen recordings, {question}: {right[asked, q].mean():.1%} right")

    simulator = Simulator.from_pretrained(arguments.model)
    clips = []
    for seed, (prompt, _) in enumerate(PROMPTS):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # every word of these prompts was taught
            clips.append(simulator(prompt, seconds=2.1, seed=seed))
    found = answers_of(judge, np.stack([clip.frames for clip in clips]))
    hits: dict[str, list[bool]] = {question: [] for question in QUESTIONS}
    for row, (prompt, wanted) in zip(found, PROMPTS, strict=True):
        said = []
        for q, (question, names) in enumerate(QUESTIONS.items()):
            for answer in set(wanted) & set(names):
                hits[question].append(names[row[q]] == answer)
                said.append(f"{names[row[q]]}{'' if hits[question][-1] else ' (WRONG)'}")
        print(f"{', '.join(said):<40} {prompt}")
    for question, values in hits.items():
        print(f"{question}: {sum(values)} of {len(values)} prompts show what they ask for")
    draw_samples(arguments.output, [clip.frames for clip in clips])
    print(arguments.output)


if __name__ == "__main__":
    main()
