"""Reading video files: time by timestamps, rotation, parts, damage, and what is not video at all."""

import shutil
import tracemalloc

import numpy as np
import pytest

from cuspworld import Clip
from cuspworld.errors import CuspError
from cuspworld.video.files import probe
from cuspworld.video.read import check_size
from tests.helpers import moving_box
from tests.video_files import corners, numbered, numbers, set_display_matrix, write_at_times

TIMES = [0.0, 0.1, 0.2, 0.6, 1.0, 1.1]  # frame 2 and frame 3 stay on screen for 0.4 s


@pytest.fixture(scope="module")
def even(tmp_path_factory):
    """20 numbered frames at 10 fps, with several key frames' worth of pictures between them."""
    return Clip(numbered(20), 10.0, "numbers").write(tmp_path_factory.mktemp("even") / "even.mp4")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov", ".gif"])
def test_a_variable_frame_rate_comes_out_constant(tmp_path, suffix):
    path = tmp_path / f"variable{suffix}"
    write_at_times(path, numbered(6), TIMES)
    assert numbers(Clip.read(path, fps=10).frames)[:11] == [0, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4]
    assert numbers(Clip.read(path, fps=5).frames)[:5] == [0, 2, 2, 3, 3]
    assert numbers(Clip.read(path, fps=10, start=0.5, seconds=0.3).frames) == [2, 3, 3]


def test_at_its_own_average_rate_a_variable_one_shows_what_is_on_the_screen(tmp_path):
    """Two frames of 0.04 s, one of a second: of half an average frame both short ones would be skipped."""
    times = [0, 0.04, 0.08, 1.08, 1.12, 1.16, 3.16]
    write_at_times(tmp_path / "variable.mp4", numbered(7), times)
    clip = Clip.read(tmp_path / "variable.mp4")
    for k, number in enumerate(numbers(clip.frames)):
        assert times[number] <= k / clip.fps + 0.011 and k / clip.fps < [*times[1:], 9][number] + 0.011


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".flv"])
def test_a_start_after_the_only_key_frame(tmp_path, suffix):
    """MPEG-TS has no list of key frames: its seek goes past them."""
    path = tmp_path / f"a{suffix}"
    write_at_times(path, numbered(20), [5 + k / 10 for k in range(20)])
    assert numbers(Clip.read(path, fps=10, start=1.2, seconds=0.3).frames) == [12, 13, 14]
    with pytest.raises(CuspError, match=r"past the end of .*, which ends at 1\.9"):
        Clip.read(path, start=100)


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((0, 1, -1, 0), lambda f: np.rot90(f, -1, (1, 2))),  # as a phone held upright writes it
        ((-1, 0, 0, -1), lambda f: np.rot90(f, 2, (1, 2))),
        ((0, -1, 1, 0), lambda f: np.rot90(f, 1, (1, 2))),
        ((-1, 0, 0, 1), lambda f: f[:, :, ::-1]),
        ((1, 0, 0, -1), lambda f: f[:, ::-1]),
        ((0, 1, 1, 0), lambda f: f.swapaxes(1, 2)),
    ],
)
def test_rotation_metadata_is_respected(tmp_path, matrix, shown):
    frames = corners()
    path = Clip(frames, 10.0).write(tmp_path / "turned.mp4", quality=100)
    set_display_matrix(path, *matrix)
    expected = shown(frames).astype(int)
    back = Clip.read(path).frames
    assert back.shape == expected.shape
    assert np.abs(back - expected).mean() < 4  # another turn would be wrong by more than 50
    assert Clip.read(path, size=(20, 16)).size == (20, 16)


def test_parts_by_time(even):
    assert numbers(Clip.read(even, start=0.5, seconds=0.5).frames) == [5, 6, 7, 8, 9]
    assert numbers(Clip.read(even, start=1.8).frames) == [18, 19]
    assert numbers(Clip.read(even, start=0.52, seconds=0.1).frames) == [5]  # the one on screen then
    assert numbers(Clip.read(even, seconds=1e9).frames) == list(range(20))  # at most what there is
    assert numbers(Clip.read(even, seconds=1e-9).frames) == [0]
    assert numbers(Clip.read(even, fps=20, seconds=0.3).frames) == [0, 0, 1, 1, 2, 2]
    assert len(Clip.read(even, fps=1000, seconds=0.1)) == 100


@pytest.mark.parametrize("seconds", [0.0, -1.0, -1e9, float("nan"), float("inf")])
def test_seconds_that_cannot_be(even, seconds):
    with pytest.raises(CuspError, match="seconds must be a positive number"):
        Clip.read(even, seconds=seconds)


@pytest.mark.parametrize("start", [-0.1, float("nan"), float("inf")])
def test_starts_that_cannot_be(even, start):
    with pytest.raises(CuspError, match="start must be"):
        Clip.read(even, start=start)


def test_a_start_past_the_end_says_where_the_end_is(even):
    for start in (2.5, 1e9):
        with pytest.raises(CuspError, match=r"past the end of .*ends at 1\.900 s"):
            Clip.read(even, start=start)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), 1e9])
def test_frame_rates_that_cannot_be(even, fps):
    with pytest.raises(CuspError, match="fps must be above 0"):
        Clip.read(even, fps=fps)


@pytest.mark.parametrize("size", [0, -4, 10**6, (8, 0), (8, 8, 8), "64", 8.5])
def test_sizes_that_cannot_be(size):
    with pytest.raises(CuspError, match="size must be a"):
        check_size(size)


def test_size_covers_and_crops_and_never_stretches(tmp_path):
    frame = np.full((1, 40, 80, 3), 255, np.uint8)
    frame[0, 10:30, 30:50] = 0  # a black square in the middle
    path = Clip(frame, 10.0).write(tmp_path / "square.mp4", quality=100)
    dark = Clip.read(path, size=20).frames[0, :, :, 0] < 128
    assert abs(dark.sum() - 100) <= 21 and dark.any(0).sum() == dark.any(1).sum() == 10
    tall = Clip.read(path, size=(80, 40)).frames[0, :, :, 0] < 128  # scaled up by 2: the square is 40 a side
    assert abs(int(tall.any(1).sum()) - 40) <= 2 and tall.any(0).all()


def test_probe_says_what_the_file_says(even):
    info = probe(even)
    assert (info.codec, info.height, info.width, info.fps, info.frames) == ("h264", 32, 48, 10.0, 20)
    assert info.seconds == pytest.approx(2.0) and info.caption == "numbers"


# Damage.


def whole_and_cut(folder, suffix: str, share: float):
    frames = moving_box(3, 40, (64, 64)).frames ^ np.random.default_rng(0).integers(0, 32, (40, 64, 64, 3), np.uint8)
    whole = Clip(frames, 10.0).write(folder / f"whole{suffix}")
    data = whole.read_bytes()
    cut = folder / f"cut{suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    return Clip.read(whole), cut


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
@pytest.mark.parametrize("share", [0.6, 0.85])
def test_a_truncated_file_says_how_many_frames_and_partial_returns_them(tmp_path, suffix, share):
    whole, cut = whole_and_cut(tmp_path, suffix, share)
    with pytest.raises(CuspError, match=r"damaged: .*; (\d+) frames? could be read\. Read with partial=True") as error:
        Clip.read(cut)
    said = int(str(error.value).partition("; ")[2].split()[0])
    partial = Clip.read(cut, partial=True)
    assert len(partial) == said and 5 < said < 40
    sound = said - 1 if suffix == ".gif" else said  # a gif's last picture may itself be cut
    assert np.array_equal(partial.frames[:sound], whole.frames[:sound])
    assert sum(len(piece) for piece in Clip.stream(cut, 7, partial=True)) == said
    # A part before the damage is no error.
    assert len(Clip.read(cut, seconds=0.3)) == 3


def test_a_file_cut_inside_its_index_gives_no_frames(tmp_path):
    for suffix in (".mp4", ".webm", ".gif"):
        _, cut = whole_and_cut(tmp_path, suffix, 1.0)
        cut.write_bytes(cut.read_bytes()[:60])
        for partial in (False, True):
            with pytest.raises(CuspError, match=r"0 frames could be read|holds no"):
                Clip.read(cut, partial=partial)


def test_noise_in_the_middle_is_found(tmp_path):
    clip = Clip(np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), np.uint8), 10.0)
    path = clip.write(tmp_path / "noise.mp4", quality=60)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(data)
    with pytest.raises(CuspError, match=r"damaged: .*; (\d+) frames could be read") as error:
        Clip.read(path)
    said = int(str(error.value).partition("; ")[2].split()[0])
    assert 3 < said < 27 and len(Clip.read(path, partial=True)) == said


def test_any_damage_is_a_clear_error_or_a_clip(tmp_path):
    """Bytes flipped, cut and swapped anywhere in small files: never another exception, never an endless loop."""
    rng = np.random.default_rng(7)
    for suffix in (".mp4", ".webm", ".gif"):
        data = Clip(moving_box(0, 6, (16, 16)).frames, 10.0).write(tmp_path / f"small{suffix}").read_bytes()
        for trial in range(40):
            broken = bytearray(data)
            for place in rng.integers(0, len(data), 1 + trial % 8):
                broken[place] = rng.integers(256)
            if trial % 3 == 0:
                broken = broken[: rng.integers(1, len(data))]
            path = tmp_path / f"broken{suffix}"
            path.write_bytes(broken)
            try:
                assert len(Clip.read(path, partial=True, seconds=60)) >= 1
            except CuspError as error:
                assert str(path) in str(error)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mp4", b"", r"is empty \(0 bytes\): 0 frames"),
        ("text.mp4", b"this is not a video\n" * 50, "0 frames could be read"),
        ("zeros.mp4", bytes(5000), "0 frames could be read"),
        ("pickle.webm", b"\x80\x04\x95" + bytes(100), "0 frames could be read"),
        ("page.gif", b"<html><body>404 not found</body></html>", "0 frames could be read"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "0 frames could be read"),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "0 frames could be read"),
    ],
)
def test_what_is_not_a_video(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    for partial in (False, True):
        with pytest.raises(CuspError, match=message):
            Clip.read(path, partial=partial)


def test_what_is_not_a_file(tmp_path):
    for path, message in (
        (tmp_path / "missing.mp4", "no file at"),
        (tmp_path / "no" / "folder.mp4", "no file at"),
        (tmp_path, "is a folder.*cusp ingest"),
        ("http://localhost/a.mp4", "no file at"),
        ("a" * 5000 + ".mp4", "cannot read|no file"),
        ("zero\0byte.mp4", "cannot read|no file"),
    ):
        with pytest.raises(CuspError, match=message):
            Clip.read(path)


def test_sound_alone_is_not_a_video(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(CuspError, match="no video that can be decoded, only audio"):
        Clip.read(tmp_path / "sound.mp4")


def test_a_video_too_large_for_memory_is_refused_before_it_is_decoded(tmp_path):
    path = Clip(numbered(10), 1.0).write(tmp_path / "slow.mp4")  # 10 s
    tracemalloc.start()
    with pytest.raises(CuspError, match=r"GiB in memory.*Clip\.stream"):
        Clip.read(path, fps=1000, size=1024)
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


def test_all_real_clips_decode(data_folder):
    """Every frame of every clip of the test inputs, at a small size; and what the container promises is there."""
    files = sorted(p for p in (data_folder / "videos").iterdir() if p.suffix in (".mp4", ".mov", ".gif"))
    assert len(files) >= 20
    for path in files:
        info = probe(path)
        count = sum(len(piece) for piece in Clip.stream(path, 64, size=32))
        assert count >= 1
        if info.seconds:
            assert abs(count / info.fps - info.seconds) <= 0.1 + 1.5 / info.fps, path.name


def test_a_real_file_that_was_cut(data_folder, tmp_path):
    path = tmp_path / "cut.mp4"
    shutil.copyfile(data_folder / "videos" / "physion_0.mp4", path)
    whole = Clip.read(path, size=32)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    try:
        partial = Clip.read(path, size=32, partial=True)
    except CuspError as error:  # its index may lie at the end
        assert "cut short and its index is lost" in str(error)
    else:
        assert np.array_equal(partial.frames, whole.frames[: len(partial)]) and len(partial) < len(whole)


def _case(data_folder, name):
    return data_folder / "cases" / "video" / name


@pytest.mark.parametrize(
    ("name", "shape", "seconds"),
    [
        ("nopts.avi", (50, 96, 128), 2.0),  # no presentation times: each frame once
        ("offset.mkv", (100, 96, 128), 4.0),  # begins at 100 s
        ("offset_hour_720p.mkv", (25, 720, 1280), 1.0),  # begins at an hour
        ("editlist.mp4", (82, 96, 128), 3.3),  # 82 of 100 frames are shown
        ("rot90.mp4", (50, 128, 96), 2.0),
        ("sar2.mp4", (50, 96, 256), 2.0),
        ("interlaced.mp4", (50, 96, 128), 2.0),
    ],
)
def test_what_info_says_is_what_is_read(name, shape, seconds, data_folder):
    info, clip = probe(_case(data_folder, name)), Clip.read(_case(data_folder, name))
    assert clip.frames.shape[:3] == shape
    assert (info.height, info.width, info.seconds) == (*shape[1:], pytest.approx(seconds))
    assert info.frames in (None, shape[0])


def test_a_start_counts_from_where_the_video_begins(data_folder):
    clip = Clip.read(_case(data_folder, "offset_hour_720p.mkv"), start=0.5)
    whole = Clip.read(_case(data_folder, "offset_hour_720p.mkv"))
    assert np.array_equal(clip.frames[0], whole.frames[13])  # frame 12 is shown until 0.52 s, to half a frame
    late = Clip.read(_case(data_folder, "nopts.avi"), start=1.0)
    assert np.array_equal(late.frames, Clip.read(_case(data_folder, "nopts.avi")).frames[25:])


def test_at_another_rate_no_frame_is_shown_before_its_time(data_folder):
    """10 then 50 frames a second, read at 50: the last frame whose time has come, as a player shows it."""
    import av

    with av.open(str(_case(data_folder, "vfr.mp4"))) as container:
        times = np.array([float(frame.time) for frame in container.decode(video=0)])
    coded = Clip.read(_case(data_folder, "vfr.mp4"), fps=1000).frames  # every frame, for as many milliseconds
    read = Clip.read(_case(data_folder, "vfr.mp4"), fps=50).frames
    for k, frame in enumerate(read[:-1]):
        shown = times[times <= k / 50 + 1e-6].max()
        assert np.array_equal(frame, coded[min(len(coded) - 1, round(1000 * shown) + 1)]), k


def test_interlaced_pictures_are_not_combed(data_folder):
    """Neighbouring rows differ no more than those two apart would lead one to expect."""
    frames = Clip.read(_case(data_folder, "interlaced.mp4")).frames[5:40].astype(float)
    near, far = (np.abs(frames[:, k:] - frames[:, :-k]).mean() for k in (1, 2))
    assert near < 0.75 * far


def test_colours_stay_through_five_copies(tmp_path):
    colour = np.array([180, 120, 60], np.uint8)
    clip = Clip(np.full((4, 64, 64, 3), colour), 10.0)
    for _ in range(5):
        clip.write(tmp_path / "copy.mp4")
        clip = Clip.read(tmp_path / "copy.mp4")
        assert np.abs(clip.frames.astype(int) - colour).max() <= 1


def test_damaged_files_end_in_one_error_or_what_could_be_read(data_folder):
    """Files that made FFmpeg fail while seeking, decoding or converting; nothing but CuspError comes out."""
    for path in sorted((data_folder / "cases" / "fuzz").iterdir()):
        for options in ({}, {"start": 0.5}, {"partial": True}, {"start": 0.5, "partial": True}, {"size": 16, "fps": 7}):
            try:
                assert len(Clip.read(path, **options)) > 0
            except CuspError as error:
                assert path.name in str(error)
