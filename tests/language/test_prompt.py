"""Prompts: words, unknown words, languages, and transformers encoders behind the same interface."""

from pathlib import Path

import pytest
import torch

import cuspworld
from cuspworld.errors import CuspError
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.published import TransformersPromptEncoder
from cuspworld.language.words import learn_words

DEFAULT = Path(cuspworld.__file__).parent / "assets" / "default" / "experts" / "0" / "language"
CAPTIONS = ["A glass of orange juice tips over.", "Four puppies romp in the grass.", "一杯橙汁倒了。"] * 3


def make(version: int = 2, captions: list[str] = CAPTIONS) -> PromptEncoder:
    torch.manual_seed(0)
    topics = ("juice", "puppies")
    config = PromptConfig(learn_words(captions), 16, length=12, heads=2, topics=topics, version=version, outputs=4)
    return PromptEncoder(config).eval()


@torch.no_grad()
@pytest.mark.parametrize("outputs", [4, 16])
def test_what_else_is_in_a_batch_changes_nothing(outputs):
    torch.manual_seed(0)
    encoder = PromptEncoder(PromptConfig(learn_words(CAPTIONS), 16, length=32, heads=2, version=2, outputs=outputs))
    prompts = ["", "glass of juice", "四 puppies romp in the grass " * 4, "juice at 0.7"]
    batch, mask = encoder.encode(prompts)
    assert batch.shape == (4, outputs, 16) and mask.all()
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(batch[row : row + 1], encoder.encode([prompt])[0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_first_version_gives_a_token_a_word():
    encoder = make(version=1)
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


@torch.no_grad()
def test_a_number_is_read_by_its_value_and_however_it_is_written():
    encoder = make(captions=["tips at 0.5 s, four times, 3 s"] * 3)
    values = [encoder.encode([f"tips at {time} s"])[0] for time in ("0.5", "0.6", "1.9", "0.50")]
    near, far = (torch.dist(values[0], other) for other in values[1:3])
    assert 0 < near < far and torch.equal(values[0], values[3])
    assert not encoder.unknown_words("at 77 s, 4 times")
    assert "77" in make().unknown_words("at 77 s")


def test_the_shipped_folder_loads():
    encoder = PromptEncoder.from_pretrained(DEFAULT)
    states, mask = encoder.encode(["a glass of red juice tips over"])
    assert encoder.config.version == 2 and states.shape == (1, 16, 128) and mask.all()


@pytest.mark.parametrize("version", [1, 2])
def test_a_folder_gives_the_same_embeddings_again(tmp_path, version):
    encoder = make(version)
    encoder.save_pretrained(tmp_path / "language")
    again = PromptEncoder.from_pretrained(tmp_path / "language")
    assert torch.equal(again.encode(["four puppies"])[0], encoder.encode(["four puppies"])[0])


def test_an_inflection_is_its_taught_word_and_a_similar_word_is_not():
    encoder = make(captions=["a brown puppy tips the glasses"] * 3)
    assert torch.equal(encoder.tokens(["tipped, tipping"])[0], encoder.tokens(["tips, tips"])[0])
    assert encoder.unknown_words("the glass is blown; glas") == ["blown", "glas"]


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
    assert encoder.tokens([long])[0].shape == (1, 11)
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


def test_every_unknown_word_is_named():
    encoder = make()
    said = encoder.warning("a zeppelin of orange juice is not pushed") or ""
    assert "zeppelin, not, pushed" in said and "juice" in said
    assert "zeppelin" in (encoder.warning("a zeppelin of orange juice tips") or "")
    assert "never taught this prompt" in (encoder.warning("zeppelin quasar juice") or "")
