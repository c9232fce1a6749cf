"""WebDataset: tar files of at most a thousand clips; a clip is NAME.mp4, NAME.txt (caption), NAME.json and, where there
is truth, NAME.truth.npz. The same clips give the same bytes."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from cuspworld.clip import Clip
from cuspworld.library.formats.folder import facts

_SHARD = 1000  # clips of one tar


class WebDataset:
    def write(self, clips: Iterator[tuple[str, Clip]], folder: Path) -> None:
        count = 0
        while shard := islice(clips, _SHARD):
            first = next(shard, None)
            if first is None:
                return
            with tarfile.open(folder / f"clips-{count // _SHARD:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
                for key, clip in (first, *shard):
                    for suffix, data in _parts(key, clip):
                        entry = tarfile.TarInfo(f"{count:08d}.{suffix}")
                        entry.size = len(data)
                        tar.addfile(entry, io.BytesIO(data))
                    count += 1


def _parts(key: str, clip: Clip) -> Iterator[tuple[str, bytes]]:
    with TemporaryDirectory() as folder:
        yield "mp4", clip.write(Path(folder) / "clip.mp4").read_bytes()
    yield "txt", clip.caption.encode()
    yield "json", json.dumps(facts(key, clip), ensure_ascii=False, sort_keys=True).encode()
    if clip.truth is not None:
        yield "truth.npz", clip.truth.to_bytes()
