"""What people bring from diffusers: lists of prompts, generators, numbers of frames, callbacks, PIL and tensors."""

import numpy as np
import pytest
import torch
from PIL import Image

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.simulator.simulator import Simulator
from cuspworld.video.images import as_image
from tests.helpers import moving_box
from tests.simulator.test_simulator import simulator  # noqa: F401 (a fixture)


def test_a_list_of_prompts_gives_a_list_of_clips(simulator):  # noqa: F811
    first, second = simulator(["a box", "moves left"], seconds=0.5, seed=3)
    assert np.array_equal(first.frames, simulator("a box", seconds=0.5, seed=3).frames)
    assert np.array_equal(second.frames, simulator("moves left", seconds=0.5, seed=4).frames)


def test_a_list_of_prompts_takes_lists_of_what_differs(simulator):  # noqa: F811
    images = [moving_box(k, 1, (32, 48)).frames[0] for k in (0, 1)]
    own = {"generator": torch.Generator().manual_seed(2), "negative_prompt": "moves left", "image": images[1]}
    alone = simulator("moves left", seconds=0.3, **own)
    for given in (images, torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)):
        generators = [torch.Generator().manual_seed(k) for k in (1, 2)]
        lists = {"generator": generators, "negative_prompt": ["a box", "moves left"], "image": given}
        assert np.array_equal(simulator(["a box", "moves left"], seconds=0.3, **lists)[1].frames, alone.frames)
    seeds = simulator(["a box", "a box"], seconds=0.3, seed=[4, 4])
    assert np.array_equal(seeds[0].frames, seeds[1].frames)
    for wrong in ({"generator": [torch.Generator()]}, {"seed": [1, 2, 3]}, {"negative_prompt": []}):
        with pytest.raises(CuspError, match="one for each of 2 prompts"):
            simulator(["a box", "a box"], **wrong)


def test_none_is_what_is_left_out(simulator):  # noqa: F811
    nothing = dict.fromkeys(("seconds", "seed", "size", "fps", "sampler", "transport", "negative_prompt", "generator"))
    assert np.array_equal(simulator("a box", num_frames=3, **nothing).frames, simulator("a box", num_frames=3).frames)
    assert simulator.made("a box", **nothing) == simulator.made("a box")


def test_an_image_needs_no_words(simulator):  # noqa: F811
    frame = moving_box(0, 1, (32, 48)).frames[0]
    assert np.array_equal(simulator(image=frame, num_frames=3).frames, simulator("", image=frame, num_frames=3).frames)
    with pytest.raises(CuspError, match="prompt must be"):
        simulator(num_frames=3)


def test_what_has_another_name_here_is_named(simulator):  # noqa: F811
    for options, said in (
        ({"height": 8, "width": 8}, "size="),
        ({"frame_rate": 8}, "fps="),
        ({"nonsense": 1}, "some of"),
    ):
        with pytest.raises(CuspError, match=said):
            simulator("a box", **options)


@pytest.mark.parametrize("answer", [3, {"latents": torch.zeros(2)}, {"latents": None}, torch.zeros(1)])
def test_a_callback_that_returns_nonsense_is_told_so(simulator, answer):  # noqa: F811
    with pytest.raises(CuspError, match="callback_on_step_end must return"):
        simulator("a box", seconds=0.3, callback_on_step_end=lambda *_: answer)
    with pytest.raises(CuspError, match="must be a function"):
        simulator("a box", callback_on_step_end=3)


def test_options_of_the_wrong_kind(simulator):  # noqa: F811
    for options in ({"seed": "x"}, {"seed": 1.5}, {"sampler": ["euler"]}, {"output_type": ["pil"]}, {"transport": []}):
        for prompt in ("a box", ["a box"]):
            with pytest.raises(CuspError):
                simulator(prompt, **options)
    with pytest.raises(CuspError, match="leave num_frames= out"):
        simulator.loop("a box", num_frames=24)


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
    same.append(tensor.permute(2, 0, 1).div(255).double().requires_grad_())
    for image in (*same, frame / 255, tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(simulator("a box", seconds=0.3, image=image).frames, wanted)
    for wrong in (frame[..., :2], frame.astype(float), np.full((8, 8, 3), np.nan), 3, b"", torch.zeros(3)):
        with pytest.raises(CuspError, match="image must be"):
            simulator("a box", seconds=0.3, image=wrong)
    with pytest.raises(CuspError, match="one for each of 1 prompt"):
        simulator("a box", seconds=0.3, image=[frame, frame])


def test_images_of_every_kind(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    wanted = np.repeat(grey[..., None], 3, axis=2)
    halves = torch.full((3, 8, 8), 0.5, dtype=torch.bfloat16)
    assert np.array_equal(as_image(grey), wanted) and np.array_equal(as_image(Image.fromarray(grey)), wanted)
    assert set(np.unique(as_image(halves))) == {128}
    deep = Image.fromarray(grey.astype(np.uint16) * 257)  # sixteen bits: 0 to 65535
    deep.save(tmp_path / "deep.png")
    assert np.array_equal(as_image(deep), wanted) and np.array_equal(as_image(tmp_path / "deep.png"), wanted)
    assert set(np.unique(as_image(Image.new("RGBA", (4, 4), (200, 0, 0, 0))))) == {255}  # nothing is there: white
    closed = Image.new("RGB", (4, 4))
    closed.close()
    for wrong in (closed, torch.zeros(3, 8, 8, device="meta"), Image.new("F", (4, 4))):
        with pytest.raises(CuspError, match="image"):
            as_image(wrong)


def test_a_device_that_is_not_here(simulator):  # noqa: F811
    for device in ("nonsense", "cuda:99", "xla", "meta"):
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
