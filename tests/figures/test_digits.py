"""The digits: reading them, the batches, the ways from noise to codes, and the whole figure on drawn numerals."""

import gzip
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from cuspworld.errors import CuspError
from cuspworld.figures.digits import (
    DigitsConfig,
    Panel,
    averaged_codes,
    describe_branches,
    flow_codes,
    generate,
    learn,
    nearest_distance,
    trained_flow,
)
from cuspworld.figures.digits_data import IDX, load_digits, read_idx
from cuspworld.figures.digits_drawing import picture
from cuspworld.figures.digits_networks import Batches
from cuspworld.figures.picture import save_picture
from cuspworld.transport.brenier import Brenier


def numerals(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """0 to 9 in a plain face, moved, scaled and thickened at random."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        x, y = generator.integers(5, 10), generator.integers(20, 25)
        size, width = generator.uniform(0.6, 0.8), int(generator.integers(1, 3))
        cv2.putText(image, str(label), (int(x), int(y)), cv2.FONT_HERSHEY_SIMPLEX, size, 255, width, cv2.LINE_AA)
    return images, labels


def write_idx(path: Path, values: np.ndarray) -> None:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("digits")
    for names, seed, count in ((("x_train", "y_train"), 0, 1200), (("x_test", "y_test"), 1, 240)):
        for name, values in zip(names, numerals(count, seed), strict=True):
            write_idx(place / f"{IDX[name]}.gz", values)
    return place


def test_a_folder_and_an_npz_hold_the_same_digits(folder: Path, tmp_path: Path):
    arrays = {name: read_idx(folder / f"{stem}.gz") for name, stem in IDX.items()}
    np.savez(tmp_path / "whole.npz", **arrays)
    np.savez(tmp_path / "floats.npz", **{**arrays, "x_train": arrays["x_train"] / 255.0})
    wanted = load_digits(folder)
    for name in ("whole.npz", "floats.npz"):
        got = load_digits(tmp_path / name)
        for split in ("training", "development", "test"):
            for a, b in zip(getattr(wanted, split), getattr(got, split), strict=True):
                assert torch.equal(a, b)


def test_splits_share_no_image(tmp_path: Path):
    marked = np.zeros((1800, 28, 28), np.uint8)
    marked[:, 0, 0], marked[:, 0, 1] = np.arange(1800) % 256, np.arange(1800) // 256  # a number on each
    np.savez(tmp_path / "all.npz", images=marked, labels=np.arange(1800) % 10)
    digits = load_digits(tmp_path / "all.npz")
    numbers = [
        set((split[0][:, 0, 0].long() + 256 * split[0][:, 0, 1].long()).tolist())
        for split in (digits.training, digits.development, digits.test)
    ]
    assert [len(n) for n in numbers] == [1375, 125, 300]
    assert len(set.union(*numbers)) == 1800


@pytest.mark.parametrize("damage", ["missing", "cut", "text", "size", "labels", "empty"])
def test_damaged_folders_are_named(folder: Path, tmp_path: Path, damage: str):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    victim = tmp_path / "train-images-idx3-ubyte.gz"
    content = gzip.decompress(victim.read_bytes())
    if damage == "missing":
        victim.unlink()
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-2000])
    elif damage == "text":
        victim.write_bytes(gzip.compress(b"not an idx file at all"))
    elif damage == "size":
        victim.write_bytes(gzip.compress(content[:-784]))
    elif damage == "empty":
        victim.write_bytes(gzip.compress(b""))
    else:
        write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.full(1200, 3))
    with pytest.raises(CuspError, match="labels must be" if damage == "labels" else "train-images"):
        load_digits(tmp_path)


def test_an_npz_of_objects_is_not_unpickled(tmp_path: Path):
    np.savez(tmp_path / "bad.npz", images=np.array([{}], dtype=object), labels=np.zeros(1))
    with pytest.raises(CuspError, match="plain arrays"):
        load_digits(tmp_path / "bad.npz")


def test_each_pass_shows_each_image_once_in_a_new_order():
    images = torch.arange(100, dtype=torch.uint8)[:, None, None].expand(100, 2, 2)
    batches = Batches(images, torch.arange(100), 25, seed=3)
    passes = [torch.cat([batches[step][1] for step in range(4 * k, 4 * k + 4)]) for k in (0, 1)]
    for one in passes:
        assert torch.equal(one.sort().values, torch.arange(100))
    assert not torch.equal(*passes)
    assert torch.equal(batches[2][1], passes[0][50:75])  # whatever was asked before


@pytest.fixture(scope="module")
def clusters() -> Brenier:
    """Two clusters in five dimensions, ten standard deviations apart."""
    points = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    points[::2, 0] += 20.0
    return Brenier(tolerance=0.2, threads=1).fit(points / points.std())


def test_averages_over_cells_blend_clusters_and_the_extended_map_never_does(clusters: Brenier):
    noise = torch.from_numpy(clusters.sample_noise(4000, 1))
    low, high = (clusters.points_[part, 0] for part in (slice(1, None, 2), slice(0, None, 2)))

    def between(codes: torch.Tensor) -> float:
        return float(((codes[:, 0] > low.max() + 0.5) & (codes[:, 0] < high.min() - 0.5)).float().mean())

    assert between(averaged_codes(clusters, noise)) > 0.01
    assert between(clusters.extend(noise)) == 0.0


def test_one_step_of_a_coupled_flow_stays_nearer_to_the_data(clusters: Brenier):
    """A straight path needs one step; the independent flow's first step leads to the mean of the data, between them."""
    config = DigitsConfig(flow_steps=300, flow_batch=128)
    noise = torch.from_numpy(clusters.sample_noise(1000, 1))
    one, other = (
        nearest_distance(flow_codes(trained_flow(clusters, config, coupled), noise, 1).numpy(), clusters.points_)
        for coupled in (True, False)
    )
    assert np.median(one) < 0.5 * np.median(other)


def test_a_flow_that_is_told_the_branch_ends_there(clusters: Brenier):
    config = DigitsConfig(flow_steps=300, flow_batch=128)
    noise = torch.from_numpy(clusters.sample_noise(1000, 1))
    velocity = trained_flow(clusters, config, coupled=False, told=True)
    high = clusters.branches_[0]  # the branch of the even points, 20 along the first axis
    for branch in (0, 1):
        codes = flow_codes(velocity, noise, 2, torch.full((1000,), branch))
        assert ((codes[:, 0] > clusters.points_[:, 0].mean()) == (branch == high)).float().mean() > 0.99


def test_eulers_method_is_exact_where_the_velocity_is_constant():
    shift = torch.tensor([1.0, -2.0, 0.5])
    noise = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    for steps in (1, 3, 30):
        torch.testing.assert_close(flow_codes(lambda x, t: shift.expand(len(x), 3), noise, steps), noise + shift)


def test_nearest_distance_is_the_least_of_all():
    generator = np.random.default_rng(0)
    queries, sites = generator.normal(size=(1100, 3)), generator.normal(size=(40, 3))
    wanted = np.linalg.norm(queries[:, None] - sites, axis=2).min(1)
    np.testing.assert_allclose(nearest_distance(queries, sites), wanted, rtol=1e-4)
    assert nearest_distance(sites, sites, skip=1).min() > 0


def test_shares_and_branches_in_words():
    panel = Panel("some", np.zeros((4, 28, 28), np.uint8), np.array([0.2, 0.9, 0.95, 0.4]), 0.5, 1.0)
    assert panel.share == 0.5 and panel.standard_error == 0.25
    told = describe_branches(np.array([0, 0, 0, 1]), np.array([3, 3, 5, 9]))
    assert told.startswith("2 branches of 3, 1 codes, 75.0 %")


def test_the_whole_figure_on_drawn_numerals(folder: Path, tmp_path: Path):
    config = DigitsConfig(0, 1100, 60, 80, 64, 400, 0.3, 60, 64, 150)
    digits, told = load_digits(folder), []
    trained = learn(digits, config, told.append)
    assert trained.accuracy > 0.9
    certain = trained.judged(digits.development[0].float().div(255)[:, None]).amax(1)
    assert float((certain < trained.threshold).float().mean()) <= 0.02  # 1 % of 100 digits, that is one
    codes = torch.from_numpy(np.asarray(trained.brenier.points_, np.float32)) * trained.scale
    named = torch.cdist(codes, trained.autoencoder.anchors).argmin(1).numpy()
    assert (named == trained.labels).mean() > 0.9  # the codes of a kind lie about its anchor
    panels = generate(trained, digits, config, told.append)
    assert [len(panel.images) for panel in panels] == [150] * 5 and len(told) == 7
    save_picture(picture(trained, panels, 50), tmp_path / "digits.png")
    drawn = Image.open(tmp_path / "digits.png")
    assert drawn.size == (720, 395) and drawn.mode == "RGB"
