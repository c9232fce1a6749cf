"""Description length: two ways to count that must agree, and sources whose answer is known."""

import numpy as np
import pytest

from cuspworld.exam.parts.length import _toy, coded, decoded, ideal_bits, own_bits, residual_bits
from cuspworld.exam.references import LastFrame, Oracle


def test_the_coder_is_read_back_and_agrees_with_the_closed_form():
    random = np.random.default_rng(1)
    symbols = np.minimum(random.geometric(0.3, 1500) - 1, 31)
    contexts = random.integers(0, 3, 1500)
    data = coded(symbols, contexts, 32)
    assert (decoded(data, contexts, 32) == symbols).all()
    assert 8 * len(data) == pytest.approx(ideal_bits(symbols, contexts, 32), rel=0.005)


def test_a_coin_takes_a_bit_and_what_never_changes_next_to_none():
    """KT's redundancy is half a logarithm and at most one bit (Krichevsky and Trofimov 1981)."""
    coin = np.random.default_rng(2).integers(0, 2, 5000)
    one = np.zeros(5000, np.int64)
    assert 5000 * 0.99 < ideal_bits(coin, one, 2) < 5000 + 0.5 * np.log2(5000) + 1
    assert ideal_bits(one, one, 2) < 0.5 * np.log2(5000) + 1


def test_a_right_prediction_is_nearly_free_and_a_wrong_one_is_not():
    frames = np.random.default_rng(3).integers(0, 256, (4, 32, 32, 3), np.uint8)
    assert residual_bits(frames, frames) < 0.15 * frames.size  # that nothing is left has to be learned
    assert residual_bits(frames, 0 * frames) > 7.5 * frames.size


def test_own_bits():
    from torch import nn

    class Model:
        def __init__(self):
            self.network = nn.Linear(3, 4)

    assert own_bits(Model()) == (16 * 16, "16 parameters at 16 bits")
    assert 500 < own_bits(LastFrame())[0] < 8000 and own_bits(Oracle())[0] > 50_000


def test_a_model_s_own_code_is_a_row_and_must_be_a_number():
    from cuspworld.exam.parts import length
    from cuspworld.exam.sitting import Kept, Settings, Sitting

    class Codes(LastFrame):
        def bits(self, frames):
            assert frames.shape == (31, 16, 16, 3)
            return 8.0 * frames.size / 2

    class Nonsense(LastFrame):
        def bits(self, frames):
            return float("nan")

    models = {"codes": Codes(), "nonsense": Nonsense()}
    sitting = Sitting(models, Settings(clips=1, size=16), Kept(None, ""))
    table = length.sit(sitting).tables[0]
    pixels = table.row(row="the pixels as they are")["bits a clip"]
    assert table.row(row="codes, by its own code")["bits a clip"] == pixels / 2
    row = table.row(row="nonsense, by its own code")
    assert row["bits a clip"] is None and row["failed"] == len(sitting.failures) == 3


def test_the_toy_agrees_with_what_is_known():
    assert _toy(2000).rows[-1]["bits"] < 0.05
