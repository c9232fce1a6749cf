"""What a thing is made of: the same for the same, another after its weights or its source changed."""

import torch
from torch import nn

from cuspworld.exam.made_of import made_of, networks
from cuspworld.exam.references import LastFrame, Oracle


class Holds:
    def __init__(self, weight):
        self.inner = nn.Linear(2, 2)
        nn.init.constant_(self.inner.weight, weight)
        nn.init.zeros_(self.inner.bias)


def test_weights_and_classes_count():
    assert made_of(Holds(1.0)) == made_of(Holds(1.0)) != made_of(Holds(1.5))
    assert made_of(LastFrame()) == made_of(LastFrame()) != made_of(Oracle())
    half = Holds(1.0)
    half.inner.to(torch.bfloat16)
    assert made_of(half) != made_of(Holds(1.0)) and networks(half) == [half.inner]
