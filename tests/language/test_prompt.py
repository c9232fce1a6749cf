"""Prompts: words, unknown words, languages, and transformers encoders behind the same interface."""

import pytest
import torch

from cuspworld.errors import CuspError
from cuspworld.language.prompt import (
    PromptConfig,
    PromptEncoder,
    learn_words,
    split_words,
)
from cuspworld.language.published import TransformersPromptEncoder

CAPTIONS = ["A glass of orange juice tips over.", "Four puppies romp in the grass.", "一杯橙汁倒了。"] * 3


def make() -> PromptEncoder:
    torch.manual_seed(0)
    words = learn_words(CAPTIONS)
    return PromptEncoder(PromptConfig(words=words, width=16, length=12, heads=2, topics=("juice", "puppies"))).eval()


def test_words_of_every_script():
    assert split_words("Two GLASSES, tip-over!") == ["two", "glasses", "tip", "over"]
    assert split_words("一杯橙汁 spills") == ["一", "杯", "橙", "汁", "spills"]
    assert split_words("🎻🎻") == []
    assert len(split_words("a " * 10**6)) <= 1000


def test_words_are_learned_by_frequency():
    words = learn_words(["b b a", "b a c"], at_least=2)
    assert words == ("b", "a")


@torch.no_grad()
def test_padding_of_a_batch_changes_nothing():
    encoder = make()
    alone, _ = encoder.encode(["glass of juice"])
    batch, mask = encoder.encode(["glass of juice", "four puppies romp in the grass"])
    torch.testing.assert_close(batch[:1, :4], alone, atol=1e-5, rtol=1e-5)
    assert mask.sum(1).tolist() == [4, 7]
    assert not batch[0, 4:].any()


@torch.no_grad()
def test_the_order_of_words_and_the_words_matter():
    encoder = make()
    a, _ = encoder.encode(["juice over glass"])
    b, _ = encoder.encode(["glass over juice"])
    assert not torch.allclose(a.mean(1), b.mean(1), atol=1e-4)


def test_a_misspelt_word_is_its_taught_neighbour():
    encoder = make()
    assert encoder.tokens(["glas of orang juice"]).tolist() == encoder.tokens(["glass of orange juice"]).tolist()


@pytest.mark.parametrize("prompt", ["a violin concerto", "", "🎻", "小提琴协奏曲", "the of and"])
def test_an_untaught_prompt_is_told_what_the_model_knows(prompt):
    said = make().warning(prompt)
    assert said and "juice" in said


@pytest.mark.parametrize("prompt", ["a glass of orange juice tips over", "four puppies", "一杯橙汁"])
def test_a_taught_prompt_passes(prompt):
    assert make().warning(prompt) is None


def test_a_long_prompt_is_cut_and_said():
    encoder = make()
    long = "orange juice " * 50_000
    assert encoder.tokens([long]).shape == (1, 11)
    assert "first 11 words" in encoder.warning(long)


def test_a_transformers_encoder_by_folder(tmp_path):
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "glass", "juice"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizer(str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path / "bert")
    config = transformers.BertConfig(
        vocab_size=7, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    encoder = TransformersPromptEncoder(str(tmp_path / "bert"))
    states, mask = encoder.encode(["glass", "glass juice juice"])
    assert states.shape == (2, 5, 16) and encoder.width == 16
    assert mask.sum(1).tolist() == [3, 5]


def test_a_transformers_encoder_that_is_not_there():
    pytest.importorskip("transformers")
    with pytest.raises(CuspError, match="no text encoder"):
        TransformersPromptEncoder("/nowhere/at/all")


def test_one_unknown_word_of_three_is_forgiven():
    """Half of what tells the worlds apart may be unknown before a person is warned."""
    encoder = make()
    assert encoder.warning("a zeppelin of orange juice tips") is None
    assert "never taught" in (encoder.warning("zeppelin quasar juice") or "")
