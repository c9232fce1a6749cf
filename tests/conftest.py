"""Run-time shape checks for the whole package, and the place of the real test inputs."""

import os
import pkgutil
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

REPOSITORY = Path(__file__).resolve().parent.parent


def _checked_modules() -> list[str]:
    """Every module of the package but numba's kernels, which a decorator inside @njit would break."""
    source = REPOSITORY / "src" / "cuspworld"
    found = pkgutil.walk_packages([str(source)], prefix="cuspworld.", onerror=lambda name: None)
    return [m.name for m in found if not m.ispkg and not m.name.endswith("kernels")]


# pkgutil.walk_packages imports packages (not modules); their __init__ files stay light.
# An int is a float here, as for type checkers (PEP 484).
install_import_hook(_checked_modules(), "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes stay out of the names of tests: a packed file holds its time, and every worker must find the same names."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `gpu` are skipped where torch finds no CUDA device: their runs say so instead of failing."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="torch finds no CUDA device here"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real test inputs (videos/, mnist/). Where they are absent, tests that need them are skipped and say so."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real test inputs are not on this machine: set CUSPWORLD_DATA to their folder")
    return folder
