"""What people bring from diffusers: lists of prompts, generators, numbers of frames, callbacks, PIL and tensors."""

import numpy as np
import pytest
import torch
from PIL import Image

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.simulator.simulator import Simulator
from tests.helpers import moving_box
from tests.simulator.test_simulator import simulator  # noqa: F401 (a fixture)


def test_a_list_of_prompts_gives_a_list_of_clips(simulator):  # noqa: F811
    first, second = simulator(["a box", "moves left"], seconds=0.5, seed=3)
    assert np.array_equal(first.frames, simulator("a box", seconds=0.5, seed=3).frames)
    assert np.array_equal(second.frames, simulator("moves left", seconds=0.5, seed=4).frames)


def test_a_generator_is_a_source_of_seeds(simulator):  # noqa: F811
    generator = torch.Generator().manual_seed(5)
    one, two = (simulator("a box", seconds=0.3, generator=generator) for _ in range(2))
    again = simulator("a box", seconds=0.3, generator=torch.Generator().manual_seed(5))
    assert np.array_equal(one.frames, again.frames) and not np.array_equal(one.frames, two.frames)
    assert np.array_equal(one.frames, simulator("a box", seconds=0.3, seed=one.made["seed"]).frames)
    with pytest.raises(CuspError, match="not both"):
        simulator("a box", generator=generator, seed=1)
    with pytest.raises(CuspError, match=r"torch\.Generator"):
        simulator("a box", generator=3)


@pytest.mark.parametrize(("count", "fps"), [(1, None), (7, None), (9, 24), (16, 6)])
def test_num_frames_is_exact(simulator, count, fps):  # noqa: F811
    assert len(simulator("a box", num_frames=count, fps=fps)) == count
    start = moving_box(0, 5, (32, 48))
    assert len(simulator("a box", num_frames=count, video=start)) == 5 + count


def test_a_negative_prompt_leads_away(simulator):  # noqa: F811
    plain, empty = simulator("a box", seconds=0.3), simulator("a box", seconds=0.3, negative_prompt="")
    away = simulator("a box", seconds=0.3, negative_prompt="moves left")
    assert np.array_equal(plain.frames, empty.frames) and not np.array_equal(plain.frames, away.frames)
    assert away.made["negative_prompt"] == "moves left"


@pytest.mark.parametrize("sampler", ["euler", "heun", "adams_bashforth"])
def test_a_callback_sees_every_step_and_may_change_it(simulator, sampler):  # noqa: F811
    seen = []

    def look(pipe, step, time, tensors):
        seen.append((step, time))
        assert pipe is simulator
        return {"latents": torch.zeros_like(tensors["latents"])} if step == 2 else None

    options = {"seconds": 0.3, "num_inference_steps": 3, "sampler": sampler, "callback_on_step_end": look}
    changed = simulator("a box", **options)
    assert [step for step, _ in seen] == [0, 1, 2] and seen[-1][1] == 1.0
    assert np.array_equal(changed.frames, simulator("moves left", **options).frames)  # the last step is overruled


def test_outputs_are_what_they_are_called(simulator):  # noqa: F811
    clip = simulator("a box", seconds=0.3)
    array, tensor, pictures = (simulator("a box", seconds=0.3, output_type=kind) for kind in ("np", "pt", "pil"))
    assert np.array_equal(np.round(array * 255), clip.frames) and array.dtype == np.float32
    assert torch.equal(tensor.permute(0, 2, 3, 1), torch.from_numpy(array)) and isinstance(pictures[0], Image.Image)
    assert np.array_equal(np.stack([np.asarray(picture) for picture in pictures]), clip.frames)
    with pytest.raises(CuspError, match="clip, np, pt, pil"):
        simulator("a box", output_type="latent")


def test_any_kind_of_image_begins_the_same_clip(simulator, tmp_path):  # noqa: F811
    frame = moving_box(0, 1, (32, 48)).frames[0]
    Image.fromarray(frame).save(tmp_path / "a.png")
    tensor = torch.from_numpy(frame)
    same = [Image.fromarray(frame), tensor, tensor.permute(2, 0, 1), tensor.permute(2, 0, 1)[None].float() / 255]
    wanted = simulator("a box", seconds=0.3, image=frame).frames
    for image in (*same, frame / 255, tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(simulator("a box", seconds=0.3, image=image).frames, wanted)
    for wrong in (frame[..., :2], frame.astype(float), np.full((8, 8, 3), np.nan), 3, [frame], torch.zeros(3)):
        with pytest.raises(CuspError, match="image must be"):
            simulator("a box", seconds=0.3, image=wrong)


def test_a_device_that_is_not_here(simulator):  # noqa: F811
    for device in ("nonsense", "cuda:99", "xla"):
        with pytest.raises(CuspError, match="not on this machine"):
            simulator.to(device)
    assert simulator.to("cpu") is simulator


def test_a_generated_file_says_how_it_was_made(simulator, tmp_path):  # noqa: F811
    clip = simulator("a box", seconds=0.3, seed=7)
    for name in ("a.mp4", "a.mov", "a.webm"):
        back = Clip.read(clip.write(tmp_path / name))
        assert back.caption == "a box" and back.made == clip.made
        assert back.made["seed"] == 7 and back.made["prompt"] == "a box"
    shipped = Simulator.from_pretrained("default")
    assert shipped.made("x", seed=1)["model"] == "default"
