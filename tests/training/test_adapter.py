"""Low-rank weights beside a network's own: trained alone, kept in a file of their own, added when it is read."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from cuspworld.errors import CuspError
from cuspworld.models import ADAPTER, adapted, packed, read_tensors, write_tensors
from cuspworld.training.adapter import adapter_of, attach, begin_at, in_bytes
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig

CONFIG = TransformerConfig(8, 32, 2, 2, text_width=16)


def network() -> FlowTransformer:
    torch.manual_seed(0)
    made = FlowTransformer(CONFIG).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.1)
    return made


def velocity(of: FlowTransformer) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    positions = torch.arange(4)[None, :, None].expand(1, 4, 3)
    x, text = (torch.randn(1, 4, n, generator=generator) for n in (8, 16))
    return of(x, positions, torch.zeros(1, 4, dtype=torch.bool), torch.ones(1) / 2, text, torch.ones(1, 4).bool())


def trained() -> FlowTransformer:
    """After five steps, of which the first begins where the network was."""
    found = network()
    attach(found, 3)
    assert torch.equal(velocity(found), velocity(network()))
    optimizer = torch.optim.SGD([p for p in found.parameters() if p.requires_grad], lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        (velocity(found) - 1).square().mean().backward()
        optimizer.step()
    return found


def test_what_was_learned_lies_beside_the_weights_and_is_added(tmp_path):
    own, learned = network(), trained()
    own.save_pretrained(tmp_path / "model")
    tensors = adapter_of(learned)
    assert sum(t.numel() for t in tensors.values()) < 0.4 * sum(p.numel() for p in own.parameters())
    write_tensors(tmp_path / "model" / ADAPTER, tensors)
    loaded = FlowTransformer.from_pretrained(tmp_path / "model")
    assert torch.allclose(velocity(loaded), velocity(learned), atol=1e-5)
    assert (velocity(loaded) - velocity(own)).abs().max() > 1e-2
    loaded.save_pretrained(tmp_path / "again")  # as one
    assert torch.equal(velocity(FlowTransformer.from_pretrained(tmp_path / "again")), velocity(loaded))


def test_in_bytes_it_takes_half_the_space_and_says_the_same():
    learned = adapter_of(trained())
    whole, small = (adapted(network().state_dict(), each, "") for each in (learned, in_bytes(learned)))
    assert {in_bytes(learned)[name].dtype for name in learned if name.endswith(".up")} == {torch.int8}
    for name, tensor in whole.items():
        change = tensor - network().state_dict()[name]
        assert (small[name] - tensor).abs().max() <= 0.02 * change.abs().max() + 1e-3, name


def test_the_matrices_of_the_network_stay_as_they_are():
    own, learned = network(), trained()
    kept = dict(learned.named_parameters())
    for name, parameter in own.named_parameters():
        place = name.replace(".weight", ".parametrizations.weight.original")
        if parameter.ndim == 2:
            assert torch.equal(kept.get(place, kept.get(name)), parameter), name


@pytest.mark.parametrize(
    "adapter,said",
    [
        ({"tokens_in.weight.up": torch.zeros(32, 2)}, "no matrix tokens_in.weight.down"),
        ({"tokens_in.bias.up": torch.zeros(32, 2), "tokens_in.bias.down": torch.zeros(2, 1)}, "no matrix"),
        ({"else.weight.up": torch.zeros(32, 2), "else.weight.down": torch.zeros(2, 8)}, "has no else.weight"),
        ({"tokens_in.weight.up": torch.zeros(32, 2), "tokens_in.weight.up.scale": torch.zeros(2, 1)}, "scale must be"),
        ({"tokens_in.weight.up": torch.zeros(9, 2), "tokens_in.weight.down": torch.zeros(2, 8)}, "of another model"),
        ({"tokens_in.weight.up": torch.zeros(32, 2), "tokens_in.weight.down": torch.zeros(3, 8)}, "of another model"),
    ],
)
def test_an_adapter_of_another_model_is_an_error(tmp_path, adapter, said):
    with pytest.raises(CuspError, match=said):
        adapted(network().state_dict(), adapter, tmp_path / ADAPTER)


def test_a_damaged_adapter_names_its_file(tmp_path):
    network().save_pretrained(tmp_path)
    (tmp_path / ADAPTER).write_bytes(b"no tensors")
    with pytest.raises(CuspError, match=ADAPTER):
        FlowTransformer.from_pretrained(tmp_path)
    write_tensors(tmp_path / ADAPTER, {"tokens_in.bias": torch.full((32,), torch.nan)})
    with pytest.raises(CuspError, match="not finite"):
        FlowTransformer.from_pretrained(tmp_path)
    assert read_tensors(tmp_path / ADAPTER)["tokens_in.bias"].shape == (32,)


def test_an_adapter_may_bring_new_inputs_which_are_trained_whole(tmp_path):
    network().save_pretrained(tmp_path / "model")
    config = replace(CONFIG, places=True)
    learned = FlowTransformer(config).eval()
    own = network().state_dict()
    learned.load_state_dict(own, strict=False)
    attach(learned, 3, ("place_in.0", "place_in.2"))
    before = learned.place_in[2].weight.detach().clone()
    optimizer = torch.optim.SGD([p for p in learned.parameters() if p.requires_grad], lr=0.5)
    (velocity(learned) - 1).square().mean().backward()
    optimizer.step()
    assert not torch.equal(learned.place_in[2].weight, before)
    tensors = adapter_of(learned)
    assert {"place_in.0.weight", "place_in.2.weight", "blocks.0.qkv.weight.up"} < set(tensors)
    write_tensors(tmp_path / "model" / ADAPTER, tensors)
    told = (tmp_path / "model" / "config.json").read_text()
    (tmp_path / "model" / "config.json").write_text(told.replace('"places": false', '"places": true'))
    assert torch.allclose(velocity(FlowTransformer.from_pretrained(tmp_path / "model")), velocity(learned), atol=1e-5)


def test_what_is_whole_in_an_adapter_may_be_a_byte_a_number():
    learned = network()
    attach(learned, 3, ("tokens_in",))
    tensors = adapter_of(learned)
    whole = {name: tensor for name, tensor in tensors.items() if not name.endswith((".up", ".down"))}
    with torch.no_grad():
        whole["tokens_in.weight"] += 1.0
    rest = {name: tensor for name, tensor in tensors.items() if name not in whole}
    found = adapted(network().state_dict(), rest | packed(whole), ADAPTER)
    assert found.keys() == network().state_dict().keys()
    assert torch.allclose(found["tokens_in.weight"], whole["tokens_in.weight"], atol=0.01)
    assert not torch.allclose(found["tokens_in.weight"], network().state_dict()["tokens_in.weight"], atol=0.5)


def test_what_is_trained_on_begins_where_an_adapter_left_off():
    learned = trained()
    further = network()
    attach(further, 3)
    begin_at(further, adapter_of(learned))
    assert torch.equal(velocity(further), velocity(learned))
    begin_at(further, in_bytes(adapter_of(learned)))
    assert torch.allclose(velocity(further), velocity(learned), atol=0.05)
    wider = network()
    attach(wider, 4)
    begin_at(wider, {name: tensor for name, tensor in adapter_of(learned).items() if name.endswith((".up", ".down"))})
    assert torch.equal(velocity(wider), velocity(network()))  # of another rank: left out
