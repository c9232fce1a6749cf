"""Prompt expansion: a prompt gets richer and is never contradicted."""

import pytest

from cuspworld.language.expansion import expand
from cuspworld.language.matching import Matcher

CLIPS = [
    ["A glass of red juice on a table is pushed hard; it tips over and the juice pours out. Tipping at 0.7 s.",
     "juice spills", "桌上一杯红色果汁被猛力推了一下，杯子翻倒，红色果汁流了一桌。"],
    ["A glass of red juice on a table is pushed gently; it rocks, and no juice is spilled. Push at 0.5 s.",
     "glass rocks", "桌上一杯红色果汁被轻轻推了一下，晃了晃又站稳，没有洒出果汁。"],
    ["Three puppies, a brown one, a white one and a grey one, romp over the grass.", "three puppies",
     "三只小狗（棕色的、白色的、灰色的）在草地上嬉戏。"],
    ["Four puppies, a brown one, a white one, a grey one and a black one, romp over the grass.", "four puppies",
     "四只小狗（棕色的、白色的、灰色的、黑色的）在草地上嬉戏。"],
]  # fmt: skip


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(CLIPS)


@pytest.mark.parametrize(
    ("prompt", "clip"),
    [
        ("red juice spills", 0),
        ("A glass is pushed but does not tip over", 1),
        ("3 dogs", 2),
        ("puppies, one of them black", 3),
        ("果汁洒了", 0),
        ("四只小狗", 3),
    ],
)
def test_a_short_prompt_gets_the_caption_of_a_clip_that_shows_it(matcher, prompt, clip):
    told = expand(prompt, matcher)
    assert len(told) > len(prompt) and any(told.endswith(caption) for caption in CLIPS[clip])
    assert matcher(told).clips.tolist() == [clip]
    assert told == expand(prompt, matcher)


@pytest.mark.parametrize("prompt", ["seven puppies", "a violin", "red juice is not pushed", "", "pink juice spills"])
def test_what_no_clip_shows_stays_as_it_is(matcher, prompt):
    assert expand(prompt, matcher) == prompt


def test_what_the_caption_does_not_say_stays_in_the_prompts_words():
    matcher = Matcher([["A small ball and a big ball meet and bounce back again.", "The small ball is red."]])
    told = expand("a red ball bounces back", matcher)
    assert "red" in told and "big ball" in told


CHAIRS = [
    ["A red chair is pushed and falls over.", "一把红色椅子被推了一下，翻倒了。"],
    ["A blue chair is pushed and falls over.", "一把蓝色椅子被推了一下，翻倒了。"],
    ["A red chair is dropped from a height of 70 cm and stands.", "一把红色椅子落下后站稳了。"],
    ["A blue chair is dropped from a height of 70 cm and stands.", "一把蓝色椅子落下后站稳了。"],
]


@pytest.mark.parametrize(
    ("prompt", "clip"),
    [
        ("a chair that is not red falls over", 1),
        ("a non-red chair falls over", 1),
        ("a chair that isn't blue falls over", 0),
        ("a chair that is neither blue nor big is dropped", 2),
        ("不是红色的椅子翻倒", 1),
        ("一把不蓝的椅子翻倒了", 0),
    ],
)
def test_what_a_thing_does_not_look_like_decides_nothing_else(prompt, clip):
    """Judged by the captions' words: the parser that reads prompts would read its own faults as right."""
    for seed in range(4):
        assert any(expand(prompt, Matcher(CHAIRS), seed).endswith(text) for text in CHAIRS[clip])
