"""Words: scripts, contractions, numbers, inflections, and captions shortened by whole clauses."""

import pytest
import torch

from cuspworld.language.words import BLANK, NUMBER, learn_words, shortened, split_words, stem, value_of


def test_words_of_every_script():
    assert split_words("Two GLASSES, tip-over!") == ["two", "glasses", "tip", "over"]
    assert split_words("一杯橙汁 spills") == ["一", "杯", "橙", "汁", "spills"]
    assert split_words("🎻🎻") == []
    assert len(split_words("a " * 10**6)) <= 1000


def test_a_negation_is_a_word_of_its_own():
    assert split_words("It isn't pushed, can't, won’t; cannot") == [
        "it", "is", "not", "pushed", "can", "not", "can", "not", "can", "not"
    ]  # fmt: skip


def test_a_number_is_one_word_with_a_value():
    assert split_words("at 0.7 s, 12,5 cm; 在0.7秒") == ["at", "0.7", "s", "12.5", "cm", "在", "0.7", "秒"]
    assert [value_of(word) for word in ("0.7", "three", "两", "juice")] == [0.7, 3, 2, None]


def test_words_are_learned_by_frequency():
    assert learn_words(["b b a", "b a c"], at_least=2) == ("b", "a")
    assert learn_words(["at 0.5 s", "at 0.7 s"], at_least=2) == (NUMBER, "at", "s")


@pytest.mark.parametrize(
    "words",
    ["tips tipped tipping tip", "puppies puppy", "glass glasses", "rolls rolled rolling", "blow blew blown blows",
     "stands stood standing", "candle candles", "falls fallen fell", "bounces bouncing bounce", "passes passed pass"],
)  # fmt: skip
def test_inflections_share_a_stem(words):
    assert len({stem(word) for word in words.split()}) == 1


def test_words_that_only_look_alike_do_not():
    words = "blown", "brown", "ball", "bell", "table", "tale", "sing", "sting", "red", "reed", "left", "leave", "bus"
    assert len({stem(word) for word in words}) == len(words)


def test_a_caption_is_shortened_by_whole_clauses():
    generator = torch.Generator().manual_seed(0)
    caption = "A glass is pushed; it does not tip, and no juice is spilled. Push at 0.5 s."
    clauses = ["A glass is pushed;", "it does not tip,", "and no juice is spilled.", "Push at 0.5 s."]
    kept = [shortened(caption, generator, words=0.0) for _ in range(60)]
    assert {clause for text in kept for clause in clauses if clause in text} == set(clauses)
    for text in kept:
        for clause in clauses:
            text = text.replace(clause, "")
        assert not text.strip()
    assert BLANK in shortened(caption, generator, 1.0, words=0.5) and shortened("", generator) == ""
