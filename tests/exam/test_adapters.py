"""Adapters: each answers in the shape that was asked for, and what is known of each holds."""

import gymnasium
import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.errors import CuspError
from cuspworld.exam.adapters import DiffusersModel, DynamicsModel, EnvironmentModel, load
from cuspworld.exam.answers import Refusal, ask
from cuspworld.exam.parts.range import scene
from cuspworld.exam.question import Question, asked
from cuspworld.exam.references import ConstantVelocity, LastFrame, Oracle

FRAMES = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)


def dynamics():
    model = JEPA(JEPAConfig(16, 16, 10.0, ("kick_x", "kick_y")))
    columns = tuple(worlds.make("Collision").columns)
    return DynamicsModel(model.eval(), Readout(ReadoutConfig("Collision", columns, 16, 16, 2, 32)).eval())


def test_a_first_principles_world_is_an_oracle():
    what = scene("collision", "train", 4, 24)
    question = asked(what, what.play(20), 5)
    model = EnvironmentModel(
        lambda s: gymnasium.make(f"cuspworld/{s.world}-v0", render_mode="rgb_array", size=s.size, fps=s.fps,
                                 disable_env_checker=True)
    )  # fmt: skip
    assert (ask(model, question, 60.0) == ask(Oracle(), question, 60.0)).all()
    with pytest.raises(Refusal, match="of no scene"):
        ask(model, Question(FRAMES, 10.0, 0.5), 60.0)


def test_dynamics_goes_on_under_actions_and_shows_its_layers():
    model = dynamics()
    made = ask(model, Question(FRAMES, 10.0, 0.5), 60.0)
    pushed = ask(model, Question(FRAMES, 10.0, 0.5, action=np.ones((5, 2))), 60.0)
    assert made.shape == (5, 16, 16, 3) and (made != pushed).any()
    large = np.repeat(np.repeat(FRAMES, 2, 1), 2, 2)
    assert ask(model, Question(large, 10.0, 0.2), 60.0).shape == (2, 32, 32, 3)
    with pytest.raises(Refusal, match="trained at 10 frames a second, asked for 5"):
        ask(model, Question(FRAMES, 5.0, 1.0), 60.0)
    with pytest.raises(Refusal, match="kick_x, kick_y"):
        ask(model, Question(FRAMES, 10.0, 0.5, action=np.ones((5, 3))), 60.0)
    layers = model.features(FRAMES)
    assert [*layers] == ["layer 1", "layer 2", "layer 3", "layer 4", "embedding"]
    assert layers["embedding"].shape == (4, 32) and np.allclose(layers["embedding"], model.model.embed(FRAMES).numpy())
    surprise = model.surprise(FRAMES)
    assert surprise.shape == (4,) and surprise[0] == 0 and (surprise[1:] > 0).all()


def test_what_the_command_is_given(tmp_path):
    assert isinstance(load("last frame"), LastFrame) and isinstance(load("oracle"), Oracle)
    assert isinstance(load("cuspworld.exam.references:ConstantVelocity"), ConstantVelocity)
    with pytest.raises(CuspError, match="no model at cuspworld"):
        load("cuspworld.exam.references:Nothing")
    with pytest.raises(CuspError, match="no model at"):
        load(str(tmp_path / "nothing"))
    dynamics().model.save_pretrained(tmp_path / "model")
    dynamics().readout.save_pretrained(tmp_path / "model" / "readout")
    assert load(str(tmp_path / "model")).taught == ("Collision",)


@pytest.mark.long  # to import it takes most of the time
def test_a_diffusers_pipeline_of_random_weights_sits_an_exam():
    """The smallest Stable Video Diffusion: image to video, random weights, nothing downloaded."""
    pytest.importorskip("diffusers")
    model = DiffusersModel(_pipeline(), {"num_inference_steps": 1, "height": 32, "width": 32, "decode_chunk_size": 2})
    question = Question(np.repeat(np.repeat(FRAMES, 2, 1), 2, 2), 10.0, 0.2)
    made = ask(model, question, 120.0)
    assert made.shape == (2, 32, 32, 3) and (made == ask(model, question, 120.0)).all()  # the seed is kept

    class Text:
        def __call__(self, prompt):
            raise AssertionError

    with pytest.raises(Refusal, match="takes neither image= nor video="):
        ask(DiffusersModel(Text(), {}), question, 5.0)


def _pipeline():
    import torch
    from diffusers import (
        AutoencoderKLTemporalDecoder,
        EulerDiscreteScheduler,
        StableVideoDiffusionPipeline,
        UNetSpatioTemporalConditionModel,
    )
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=16, in_channels=8, out_channels=4,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"), cross_attention_dim=32,
        num_attention_heads=8, projection_class_embeddings_input_dim=96, addition_time_embed_dim=32,
    )  # fmt: skip
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=[32, 64], in_channels=3, out_channels=3, latent_channels=4,
        down_block_types=["DownEncoderBlock2D", "DownEncoderBlock2D"],
    )  # fmt: skip
    image = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=32, projection_dim=32, num_hidden_layers=1, num_attention_heads=4, image_size=224,
            intermediate_size=37, patch_size=32,
        )
    )  # fmt: skip
    pipeline = StableVideoDiffusionPipeline(
        vae=vae, image_encoder=image, unet=unet, scheduler=EulerDiscreteScheduler(),
        feature_extractor=CLIPImageProcessor(crop_size=224, size=224),
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
