"""Videos at an address: http:// and https:// (a file, or a folder whose page lists files), s3:// and the like by
fsspec.

Files are fetched a batch at a time into a folder that is gone with the next one. A server that is busy (429, 5xx) or
drops
the line is asked again, with pauses; one that redirects to a file, another scheme, or from outside into a private
network is not followed.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Protocol

from cuspworld.errors import CuspError, MissingExtraError
from cuspworld.library.caption_tables import TABLES
from cuspworld.library.places.folder import videos_in
from cuspworld.library.places.parquet import Tables, holds_videos
from cuspworld.library.places.place import BATCH_BYTES, BATCH_FILES, LARGEST_FILE, Batch
from cuspworld.library.places.shards import TARS, Shards
from cuspworld.library.places.web import WebFiles
from cuspworld.video.read import SUFFIXES

CLOUDS = ("s3", "gs", "gcs", "az", "abfs", "r2", "oci")  # schemes that fsspec is asked for; none reaches this machine
_BESIDE = (".txt", ".npz", ".json")


class Files(Protocol):
    """What a server holds. `listing`: names below the address, each with its size or 0; `fetch`: one into a file."""

    def listing(self) -> dict[str, int]: ...
    def fetch(self, name: str, path: Path) -> None: ...


@dataclass(frozen=True)
class Address:
    url: str

    @property
    def name(self) -> str:
        return self.url

    def batches(self) -> Iterator[Batch]:
        scheme = self.url.partition("://")[0].lower()
        files: Files = WebFiles(self.url) if scheme in ("http", "https") else CloudFiles(self.url)
        sizes = {name: size for name, size in files.listing().items() if _plain(name)}
        wanted = sorted(name for name in sizes if name.lower().endswith((*SUFFIXES, *TARS, ".parquet")))
        if not wanted:
            raise CuspError(f"no video at {self.url}: cuspworld reads {', '.join(SUFFIXES)}, .tar and .parquet")
        tables = [name for name in sizes if PurePosixPath(name).name.lower() in (*TABLES, "videos.txt", "prompts.txt")]
        groups: list[list[str]] = [[]]
        taken = 0
        for name in wanted:
            alone = not name.lower().endswith(SUFFIXES)
            if groups[-1] and (alone or len(groups[-1]) >= BATCH_FILES or taken > BATCH_BYTES):
                groups.append([])
                taken = 0
            groups[-1].append(name)
            taken += BATCH_BYTES + 1 if alone else sizes[name]
        for group in groups:
            stems = {name.rpartition(".")[0] for name in group}
            beside = [name for name in sizes if name.endswith(_BESIDE) and name.rpartition(".")[0] in stems]
            with TemporaryDirectory(prefix="cusp-") as folder:
                yield from self._batch(files, Path(folder), group, [*tables, *beside])

    def _batch(self, files: Files, folder: Path, group: list[str], texts: list[str]) -> Iterator[Batch]:
        problems, there = [], []
        for name in dict.fromkeys([*texts, *group]):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                files.fetch(name, path)
                there.append(name)
            except (CuspError, OSError) as error:
                path.unlink(missing_ok=True)
                problems.append((name, str(error) or type(error).__name__))
        packed = [name for name in there if name in group and name.lower().endswith((*TARS, ".parquet"))]
        for name in packed:
            path = folder / name
            if name.lower().endswith(TARS):
                yield from Shards(self.url, (path,)).batches()
            elif holds_videos(path):
                yield from Tables(self.url, (path,)).batches()
            path.unlink()
        if any(name in group for name in there if name not in packed):
            batch = videos_in(folder)
            # A table names all videos of the address, of which this batch holds some.
            said = [(what, why) for what, why in batch.problems if "name no video" not in why]
            yield Batch(batch.videos, (*problems, *said))
        elif problems:
            yield Batch((), tuple(problems))


class CloudFiles:
    """Files of a store that fsspec reads."""

    def __init__(self, url: str):
        scheme = url.partition("://")[0].lower()
        if scheme not in CLOUDS:
            raise CuspError(f"{url}: cuspworld reads http://, https:// and {', '.join(f'{c}://' for c in CLOUDS)}")
        try:
            from fsspec.core import url_to_fs

            self.store, self.root = url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise MissingExtraError(f"{scheme}:// addresses (fsspec and {error})", "addresses") from error

    def listing(self) -> dict[str, int]:
        pattern = self.root.rpartition("/")[2] if any(c in self.root for c in "*?[") else None
        self.top = self.root.rpartition("/")[0] if pattern else self.root
        try:
            found = {name: int(info.get("size") or 0) for name, info in self.store.find(self.top, detail=True).items()}
        except Exception as error:  # each store has exceptions of its own
            raise CuspError(f"{self.root} cannot be listed: {str(error)[:300] or type(error).__name__}") from error
        names = {name: name.removeprefix(self.top).lstrip("/") or PurePosixPath(name).name for name in found}
        return {
            names[name]: size for name, size in found.items() if not pattern or fnmatch.fnmatch(names[name], pattern)
        }

    def fetch(self, name: str, path: Path) -> None:
        whole = self.top if self.top.endswith("/" + name) or self.top == name else f"{self.top.rstrip('/')}/{name}"
        try:
            if int(self.store.info(whole).get("size") or 0) > LARGEST_FILE:
                raise CuspError(f"is larger than {LARGEST_FILE >> 30} GiB")
            self.store.get_file(whole, str(path))
        except CuspError:
            raise
        except Exception as error:
            raise CuspError(f"cannot be fetched: {str(error)[:300] or type(error).__name__}") from error


def _plain(name: str) -> bool:
    """A name that stays below the address when it becomes a path here."""
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not name.startswith("/") and "\\" not in name and "\0" not in name
