"""To how many of several something happens: a share of them, and never how many there are."""

import pytest

from cuspworld.language.facts import facts
from cuspworld.language.matching import Matcher

OUT = ("extinguish",)


def told(text: str) -> tuple[set[str], set[str], set[str]]:
    """To how many it happens, how many candles there are, and which shares are told."""
    pairs = {(fact.first, fact.second) for fact in facts(text) if fact.kind == "pair"}
    out = {first[0] for first, second in pairs if second == OUT and first[0].isdigit()}
    there = {first[0] for first, second in pairs if second == ("candle",) and first[0].isdigit()}
    return out, there, {fact.first[0] for fact in facts(text) if fact.kind == "share"}


@pytest.mark.parametrize(
    ("text", "out", "there"),
    [
        ("Four blue candles burn on a cake; someone blows. Three go out, the others burn on.", {"3"}, {"4"}),
        ("A breath from the right blows out one of four blue candles on a cake.", {"1"}, {"4"}),
        ("Only two of the candles go out.", {"2"}, set()),
        ("A face blows at 0.9 s; one candle of four goes out.", {"1"}, {"4"}),
        ("Someone blows at five candles and two of them go out.", {"2"}, {"5"}),
        ("Five candles; one goes out.", {"1"}, {"5"}),
        ("蛋糕上点着五支紫色蜡烛，有人猛力吹气，吹灭了两支，其余的继续燃烧。", {"2"}, {"5"}),
        ("四根蓝色蜡烛中有三根熄灭", {"3"}, {"4"}),
    ],
)
def test_a_part_of_them_goes_out(text, out, there):
    assert told(text) == (out, there, {"some"})


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("Two candles go out.", {"2"}),
        ("Somebody blows out three red candles.", {"3"}),
        ("吹灭三支蜡烛", {"3"}),
        ("Four candles burn; one of them is red.", {"4"}),
        ("Four candles; not one of them goes out.", {"4"}),
    ],
)
def test_what_goes_out_with_a_thing_of_its_own_is_how_many_there_are(text, there):
    out, found, _ = told(text)
    assert not out and there <= found


def test_of_clips_of_as_many_candles_the_one_is_taken_in_which_as_many_go_out():
    clips = [
        f"A breath from the left blows out {one} of four red candles on a cake; it is too weak for the rest."
        for one in ("one", "two", "three")
    ]
    match = Matcher([*clips, "Three red candles burn; someone blows, and the breath blows every flame out."])
    assert match("Four red candles burn on a cake; someone blows. Two go out, the others burn on.").clips.tolist() == [
        1
    ]
    assert match("吹灭了四支红色蜡烛中的三支").clips.tolist() == [2]
    assert match("Three red candles are blown out.").clips.tolist() == [3]
    five = Matcher(clips)("Four red candles; five of them go out.")
    assert any("five of them" in words for words in five.missing)
