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
