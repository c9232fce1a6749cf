"""Matching: a hard set of clips for a prompt, and what a person is told where there is none."""

import pytest

from cuspworld.language.matching import Matcher

BALLS = [f"A {a} {x} ball meets a {b} {y} ball." for a, b in (("slow", "fast"), ("fast", "slow"))
         for x, y in (("red", "blue"), ("blue", "red"), ("red", "green"))]  # fmt: skip
PUPPIES = ["Three puppies, a brown one, a white one and a black one, romp over the grass.",
           "Four puppies, a brown one, a white one, a grey one and a black one, romp over the grass."]  # fmt: skip
JUICE = ["A glass of red juice is pushed hard; it tips over. Push at 0.5 s, tipping at 0.7 s.",
         "A glass of red juice is pushed gently; it rocks, and no juice is spilled. Push at 0.5 s.",
         "A glass of red juice stands on a table; nothing happens.",
         "A glass of green juice is pushed hard; it tips over. Push at 0.9 s, tipping at 1.3 s."]  # fmt: skip
CAPTIONS = BALLS + PUPPIES + JUICE


@pytest.fixture(scope="module")
def match() -> Matcher:
    return Matcher(CAPTIONS)


@pytest.mark.parametrize(
    ("prompt", "answers"),
    [
        ("A quick blue ball bumps into a slow red one.", [0, 4]),
        ("A quick red ball bumps into a slow blue one.", [1, 3]),
        ("3 little dogs", PUPPIES[:1]),
        ("four pups on the lawn", PUPPIES[1:]),
        ("puppies, none of them grey", PUPPIES[:1]),
        ("Red juice; the glass is not pushed.", JUICE[2:3]),
        ("A glass of red juice is shoved but doesn't topple.", JUICE[1:2]),
        ("红色果汁，杯子翻倒了", JUICE[:1]),
        ("The glass tips at 1.3 s", JUICE[3:]),
    ],
)
def test_the_clips_that_a_prompt_asks_for(match, prompt, answers):
    expected = [a if isinstance(a, int) else CAPTIONS.index(a) for a in answers]
    found = match(prompt)
    assert set(found.clips) <= set(expected) and len(found.clips)
    assert found.known and found.warning() is None


def test_what_one_wording_does_not_say_another_may():
    matcher = Matcher([["A red ball rolls.", "球滚得很慢", "A slow thing"], ["A red ball rolls.", "球滚得很快"]])
    assert matcher("a fast red ball").clips.tolist() == [1]


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        ("Seven puppies romp over the grass.", "Seven puppies"),
        ("Three puppies become four.", "puppies"),
        ("A pink ball meets a red ball.", "pink"),
        ("A glass of red juice and a violin.", "violin"),
    ],
)
def test_what_no_clip_shows_is_named_and_the_nearest_is_given(match, prompt, named):
    found = match(prompt)
    warning = found.warning() or ""
    assert named.lower() in warning.lower() and len(found.clips)
    words = "puppies" if "puppies" in prompt else "ball" if "ball" in prompt else "juice"
    assert all(words in CAPTIONS[clip] for clip in found.clips)


@pytest.mark.parametrize("prompt", ["a violin concerto in the rain", "小提琴协奏曲", "An elephant paints a portrait"])
def test_a_foreign_prompt_is_told_what_there_is(match, prompt):
    found = match(prompt)
    assert not found.known and "It knows: balls; dogs" in (found.warning(["balls", "dogs"]) or "")


@pytest.mark.parametrize("prompt", ["", "🎻", "the of and"])
def test_a_prompt_that_says_nothing_takes_any_clip_and_says_so(match, prompt):
    found = match(prompt)
    assert len(found.clips) == len(CAPTIONS) and "says nothing" in (found.warning() or "")


def test_no_library_no_clips():
    found = Matcher([])("a red ball")
    assert len(found.clips) == 0 and found.warning()


def test_clips_that_do_not_tell_what_the_best_do_are_worse(match):
    found = match("four pups on the lawn")
    assert found.worse.tolist() == [CAPTIONS.index(PUPPIES[1]) != k for k in range(len(CAPTIONS))]


def test_a_clip_of_another_size_is_worse_than_one_of_another_speed():
    captions = ["A small red ball rolls fast.", "A big red ball rolls slowly.", "A red ball rolls fast."]
    found = Matcher(captions)("A small red ball rolls slowly.")
    assert found.clips.tolist() == [0] and found.worse.tolist() == [False, True, True]


def test_no_set_is_widened_by_what_ends_otherwise_or_comes_from_the_other_side():
    captions = [
        "Four green candles burn on a cake; someone blows hard from the left, and the breath blows every flame out.",
        "A face blows gently from the left at four green candles on a cake. The flames lean over, go out.",
        "A breath from the left blows out three of four green candles on a cake; it is too weak for the rest.",
        "Four green candles burn on a cake; someone blows hard from the right, and the breath blows every flame out.",
        "A face blows hard from the left at four green candles, but the breath is too weak to put a flame out.",
    ]
    assert Matcher(captions)(captions[0]).worse.tolist() == [False, False, True, True, True]
    none = Matcher(captions)(
        "Four green candles; someone blows gently from the left. The flames lean and stand up again."
    )
    assert none.clips.tolist() == [4] and none.worse.tolist() == [True, True, True, True, False]


def test_what_comes_to_stand_does_not_tip_over_whatever_else_agrees():
    drop = "A red chair is dropped from {h} cm. "
    stands = drop + "Its weight stays over its feet, and it comes to stand. Release at 0.7 s, lands at 1.0 s."
    tips = drop + "It lands with its weight beyond its feet and falls over. Release at 0.8 s, lands at 1.1 s."
    digs = "A red chair stands with its legs in sand; two ropes pull it out and it hangs over the box."
    rocks = "A red chair stands with two legs on a block; a hand pushes its back, it rocks and settles again."
    over = "A red chair stands with two legs on a block; a hand pushes its back and it tips over backwards."
    texts = [stands.format(h=41)] + [tips.format(h=h) for h in range(36, 40)] + [digs, rocks, over]
    match = Matcher(texts)
    for prompt in (
        "A red chair is dropped from 38 cm. Its weight stays over its feet, and it comes to stand. Release at 0.8 s.",
        "一把红色椅子从38厘米高处落下，重心没有越过椅脚，站稳了。",
    ):
        found = match(prompt)
        assert list(found.clips) == [0] and found.worse[[1, 2, 3, 4, 5, 7]].all()
    found = match("一把红色椅子从38厘米高处落下，着地时重心越过椅脚，倒了下去。第0.8秒松开绳子，第1.6秒开始倾倒。")
    assert set(found.clips) <= {1, 2, 3, 4} and found.worse[[0, 5, 6]].all()
    assert set(match("A red chair with two legs on a block is pushed and rocks.").clips) == {6}
    assert set(match("A red chair stands with two legs on a block; it is pushed over").clips) == {7}


def test_an_animal_binds_as_a_colour_does_and_what_holds_does_not_crumble() -> None:
    captions = [
        "A fox leaps against a bank of firm snow; the bank holds and stops it. Jumps at 0.5 s.",
        "A bear leaps against a bank of firm snow; the bank holds and stops it. Jumps at 0.6 s.",
        "A bear breaks through a bank of firm snow, which crumbles. Jumps at 0.5 s, crumbles at 0.8 s.",
        "A lump of firm snow falls on a slope above a bear; the slope holds. Jumps at 0.5 s.",
    ]
    match = Matcher(captions)("A bear leaps against a bank of firm snow; the bank holds. Jumps at 0.5 s.")
    assert match.clips.tolist() == [1] and match.worse.tolist() == [True, False, True, False]
    assert match.lacks.tolist() == [1, 0, 0, 1]  # no bear, ..., no bank
    other = Matcher(captions)("一只熊撞破了雪墙")
    assert other.clips.tolist() == [2] and other.worse[0]
    assert "rabbit" in Matcher(captions)("a rabbit leaps against a bank").missing


def test_a_time_that_no_clip_has_does_not_pick_another_scene():
    balls = [f"Two balls, a red and a blue one, collide. Contact at {k / 10:.1f} s." for k in range(6, 12)]
    others = ["Four puppies play with a red ball. Kick at 0.2 s.", "A fox leaps. It jumps at 0.2 s, impact at 0.5 s."]
    match = Matcher([*balls, *others])("two balls collide at 0.2 s")
    assert set(match.clips) <= set(range(6)) and any("0.2 s" in words for words in match.unmet)
    assert Matcher([*balls, *others])("two balls collide at 0.8 s").clips.tolist() == [1, 2, 3]
