"""What a text says that others of its library do not."""

import torch

from cuspworld.language.distinctive import Distinctive, distinctive, said
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.words import learn_words

COLOURS = ("red", "blue", "green", "yellow")
TEXTS = [
    f"a {a} ball meets a {b} ball on the wide flat table, and momentum is kept" for a in COLOURS for b in COLOURS
] * 8


def test_words_that_all_texts_share_tell_nothing_apart():
    found = distinctive(TEXTS)
    assert set(COLOURS) <= set(found)
    assert not {"ball", "momentum", "wide flat"} & set(found)
    assert "meets blue" in found and "red blue" not in found  # neighbours, not company


def test_what_stands_in_one_text_alone_is_left_out():
    assert "zebra" not in distinctive([*TEXTS, "a zebra"])
    assert distinctive([]) == () and said("") == set()


def test_rare_words_are_as_loud_as_frequent_ones():
    told = Distinctive(distinctive(TEXTS), 8)
    told.learn(TEXTS)
    loud = torch.stack([told._says(text) for text in TEXTS])
    loud = (loud - told.mean) / told.spread
    torch.testing.assert_close(loud.std(0, correction=0), torch.ones(len(told.mean)))


def test_a_few_words_change_the_embedding_by_more_than_a_tenth_untrained():
    torch.manual_seed(0)
    words = learn_words(TEXTS)
    changes = []
    for features in ((), distinctive(TEXTS)):
        encoder = PromptEncoder(PromptConfig(words, 16, length=32, heads=2, version=2, distinctive=features))
        if encoder.distinctive is not None:
            encoder.distinctive.learn(TEXTS)
        (one, other), _ = encoder.encode([TEXTS[1], TEXTS[2]])
        changes.append(float(((one - other).norm() / one.norm()).detach()))
    assert changes[1] > max(0.3, 2 * changes[0])


def test_an_empty_prompt_says_nothing_and_a_folder_keeps_what_was_learned(tmp_path):
    features = distinctive(TEXTS)
    encoder = PromptEncoder(PromptConfig(learn_words(TEXTS), 16, length=32, heads=2, version=2, distinctive=features))
    encoder.distinctive.learn(TEXTS)
    assert not encoder.distinctive([""]).any()
    encoder.save_pretrained(tmp_path)
    again = PromptEncoder.from_pretrained(tmp_path)
    torch.testing.assert_close(again.encode(TEXTS[:3])[0], encoder.encode(TEXTS[:3])[0])
