"""Encode a library in bulk: the latents, scene code and caption's embedding of every clip, once, as columns.

Clips are encoded in shares, by one process, several, or on Ray Data; a finished share is a file beside the table, so
that a killed run goes on where it was. Nothing is locked meanwhile: only the commit at the end is a write. Each row
says which codec encoded it (a hash of its weights), and latents of another codec are refused (`Latents`).

    latents_f16, latents_shape   float16 bytes of (time, height, width, channels)
    scene_code                   the codes (`SceneCode`) at four moments from first to last, side by side: to search by
    codec                        the hash of the codec that made these three
    text_code, text_encoder      the mean of the caption's embedding, and the hash of its encoder
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.curation.ray_data import on_ray_data
from cuspworld.curation.scene_vectors import MOMENTS, code_file, learned_code, moments, read_code
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.library.library import Library, Progress
from cuspworld.library.workers import check_workers, run_tasks
from cuspworld.lock import one_writer
from cuspworld.models import write_tensors
from cuspworld.progress import progress_bar

SHARE = 32  # clips a file: what a kill may cost
_OLD = 512  # latents that are read from the table at once

Encoder = Callable[[list[str]], Float[ndarray, "texts width"]]


@dataclass(frozen=True)
class Encoded:
    """Clips that were encoded now and those that were before, and the hash of the codec."""

    encoded: int
    present: int
    codec: str


@dataclass(frozen=True)
class EncodeTask:
    """Encode the clips of these keys of the library at `path` by the codec in a folder; write their latents to a
    file."""

    path: str
    codec: str
    items: tuple[str, ...]
    file: str


def weights_hash(module: nn.Module | Codec) -> str:
    """Names a module by its weights: 16 hexadecimal digits, the same whatever precision it was saved in and read."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def encode(
    library: Library,
    codec: Codec,
    *,
    texts: tuple[str, Encoder] | None = None,
    workers: int | str = 1,
    progress: Progress | None = None,
) -> Encoded:
    """Fill the columns above for every clip that has none of this codec; the others are left as they are.

    `texts`: (hash, captions -> embeddings); None leaves the text columns alone. `workers`: processes, or "ray" for Ray
    Data on a cluster that sees the library's folder under the same path. Raises CuspError for a library without clips,
    and where another process encodes it.
    """
    workers = check_workers(workers)
    now = Library.open(library.path)
    if not len(now):
        raise CuspError(f"the library {library.path} has no clips to encode: record or ingest some first")
    name = weights_hash(codec)
    folder = library.path / f".encoding-{name}"
    folder.mkdir(exist_ok=True)
    with one_writer(folder, "encoding"):
        encoded = _encode(now, codec, name, folder, texts, workers, progress)
    library._refresh()
    shutil.rmtree(folder, ignore_errors=True)
    return encoded


def _encode(
    library: Library,
    codec: Codec,
    name: str,
    folder: Path,
    texts: tuple[str, Encoder] | None,
    workers: int | str,
    progress: Progress | None,
) -> Encoded:
    keys = library.column("key")
    before = _encoded_by(library, name)
    shares = _Shares(folder)
    missing = [key for key in keys if key not in before and key not in shares.places]
    bar = progress_bar("encode", "clips", shown=False if progress else None)
    if missing:
        codec.save_pretrained(folder / "codec")
    tasks = [
        EncodeTask(str(library.path), str(folder / "codec"), part, str(folder / f"share-{_digest(part)}.safetensors"))
        for part in (tuple(missing[start : start + SHARE]) for start in range(0, len(missing), SHARE))
    ]
    running = on_ray_data(encode_share, tasks) if workers == "ray" else run_tasks(encode_share, tasks, workers)
    with bar as move:
        done = len(keys) - len(missing)
        for task, _ in running:
            done += len(task.items)
            (progress or move)(done, len(keys))
    _keep_old(library, sorted(before), folder)
    shares = _Shares(folder)
    code = learned_code(library.path, name, sorted(shares.places), shares.read, codec.temporal_stride)
    captions = dict(zip(keys, library.column("caption"), strict=True))
    embedded = _embedded(sorted(set(captions.values())), texts)
    width = MOMENTS * code.width
    schema = _schema(width, embedded)

    def row(key: str) -> dict[str, Any]:
        if key not in shares.places:
            return {}  # added meanwhile: the next run encodes it
        latents = shares.read(key)
        found: dict[str, Any] = {
            "latents_f16": latents.numpy().tobytes(),
            "latents_shape": list(latents.shape),
            "scene_code": moments(code, latents),
            "codec": name,
        }
        if embedded is not None and texts is not None:
            found |= {"text_code": embedded[captions[key]], "text_encoder": texts[0]}
        return found

    library.set_columns(schema, row)
    return Encoded(len(keys) - len(before), len(before), name)


def encode_share(task: EncodeTask) -> int:
    """A worker's share: its latents as a file, whole or not at all."""
    clips = _opened(task.path).where(_among(task.items)).without_truth()
    codec = _codec(task.codec)
    latents = {key: latents_of(codec, clip) for key, clip in zip(clips.column("key"), clips, strict=True)}
    with written_whole(task.file) as aside:
        write_tensors(aside, latents)
    return len(latents)


@torch.inference_mode()
def latents_of(codec: Codec, clip: Clip) -> Float[Tensor, "l h w c"]:
    """A clip's latents in float16. Frames that do not fold evenly are filled by repeating the last one; of the size,
    the largest multiple of the codec's stride, centred, is seen."""
    time, space = codec.temporal_stride, codec.spatial_stride
    height, width = (side // space * space for side in clip.size)
    if not height or not width:
        raise CuspError(f"a clip of {clip.size} pixels is smaller than one latent ({space}): ingest it larger")
    top, left = (clip.size[0] - height) // 2, (clip.size[1] - width) // 2
    frames = clip.frames[:, top : top + height, left : left + width]
    frames = np.concatenate([frames, np.repeat(frames[-1:], -(len(frames) - 1) % time, axis=0)])
    device = next(codec.parameters()).device
    return codec.encode(to_tensor(frames)[None].to(device))[0].half().cpu()


def scene_vector(library: Library, codec: Codec, clip: Clip) -> Float[ndarray, " k"]:
    """The scene code of any clip, to search an encoded library by. Raises CuspError if another codec encoded it."""
    name = _checked(library, codec)
    return moments(read_code(code_file(library.path, name)), latents_of(codec, clip))


class Latents(Sequence[Tensor]):
    """The latents of an encoded library's clips, in its order, read when asked for. Raises CuspError if they are of
    another codec than `codec` (None: of whichever), or clips were added since."""

    def __init__(self, library: Library, codec: Codec | None = None):
        _checked(library, codec)
        self._clips = library[:]

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> Float[Tensor, "l h w c"]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Any:
        places = range(len(self))[index] if isinstance(index, slice) else [range(len(self))[index]]
        found = [_unpacked(row) for row in self._clips.read(places, ["latents_f16", "latents_shape"])]
        return found[0] if isinstance(index, int) else found


def _checked(library: Library, codec: Codec | None) -> str:
    """The hash of the codec, if all clips are encoded by it."""
    known = _codecs(library)
    name = next((str(found) for found in known if found), "") if codec is None else weights_hash(codec)
    if set(known) == {None}:
        raise CuspError(f"the library {library.path} is not encoded: run cusp encode {library.path}")
    if stale := sorted({str(other) for other in known if other not in (None, name)}):
        raise CuspError(
            f"the library's latents are stale: codec {', '.join(stale)} made them, this one is {name}; run "
            f"cusp encode {library.path} with this codec, or give the other one"
        )
    if None in known:
        raise CuspError(
            f"{known.count(None)} clips were added after the library was encoded: run cusp encode {library.path} again"
        )
    return name


def _codecs(library: Library) -> list[str | None]:
    try:
        return library.column("codec")
    except CuspError:
        return [None] * len(library)


def _encoded_by(library: Library, name: str) -> set[str]:
    """Keys of the clips that the codec of this hash encoded."""
    pairs = zip(library.column("key"), _codecs(library), strict=True)
    return {key for key, codec in pairs if codec == name} if code_file(library.path, name).exists() else set()


def _keep_old(library: Library, keys: list[str], folder: Path) -> None:
    """Latents of the table as share files: its columns are written anew."""
    for start in range(0, len(keys), _OLD):
        part = tuple(keys[start : start + _OLD])
        clips = library.where(_among(part))
        rows = clips.read(range(len(clips)), ["latents_f16", "latents_shape"])
        file = folder / f"share-{_digest(part)}.safetensors"
        if not file.exists():
            with written_whole(file) as aside:
                write_tensors(aside, {key: _unpacked(r) for key, r in zip(clips.column("key"), rows, strict=True)})


class _Shares:
    """The finished shares of a folder: `places` says in which file a key's latents are. One file is open at a time."""

    def __init__(self, folder: Path):
        self.places: dict[str, Path] = {}
        self._file: Path | None = None
        self._open: Any = None
        for file in sorted(folder.glob("share-*.safetensors")):
            with suppress(SafetensorError, OSError), safe_open(file, "pt") as share:
                self.places |= dict.fromkeys(share.keys(), file)

    def read(self, key: str) -> Tensor:
        if self._file != self.places[key]:
            self._file = self.places[key]
            self._open = safe_open(self._file, "pt")
        return self._open.get_tensor(key)


def _embedded(captions: list[str], texts: tuple[str, Encoder] | None) -> dict[str, ndarray] | None:
    if texts is None:
        return None
    found: dict[str, ndarray] = {}
    for start in range(0, len(captions), SHARE):
        part = captions[start : start + SHARE]
        found |= dict(zip(part, texts[1](part).astype(np.float32), strict=True))
    return found


def _schema(width: int, embedded: dict[str, ndarray] | None) -> Any:
    fields = [
        pa.field("latents_f16", pa.large_binary()),
        pa.field("latents_shape", pa.list_(pa.int32(), 4)),
        pa.field("scene_code", pa.list_(pa.float32(), width)),
        pa.field("codec", pa.string()),
    ]
    if embedded:
        text = len(next(iter(embedded.values())))
        fields += [pa.field("text_code", pa.list_(pa.float32(), text)), pa.field("text_encoder", pa.string())]
    return pa.schema(fields)


def _unpacked(row: dict[str, Any]) -> Tensor:
    return torch.from_numpy(np.frombuffer(row["latents_f16"], np.float16).reshape(row["latents_shape"]).copy())


def _among(keys: Sequence[str]) -> str:
    quoted = ", ".join("'" + key.replace("'", "''") + "'" for key in keys)
    return f"key in ({quoted})"


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()[:24]


@lru_cache(maxsize=2)
def _opened(path: str) -> Library:
    return Library.open(path)


@lru_cache(maxsize=2)
def _codec(folder: str) -> Codec:
    from cuspworld.codec.loading import load_local_codec

    return load_local_codec(Path(folder)).eval()


def embedder(prompts: Any) -> tuple[str, Encoder]:
    """A prompt encoder as `encode` takes it: the mean of what it gives for a caption."""

    @torch.inference_mode()
    def embed(captions: list[str]) -> ndarray:
        text, mask = prompts.encode(captions)  # (b, m, w), (b, m)
        kept = mask[..., None].float()
        return np.asarray(((text * kept).sum(1) / kept.sum(1).clamp(min=1)).float().cpu())

    return weights_hash(prompts), embed
