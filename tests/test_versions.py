"""constraints.txt pins what the core, [dev] and [docs] install and nothing else; the bounds are read as they stand."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.versions import TORCHLESS, lowest, requirements

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(texts: list[str], extras: frozenset[str], found: set[str]) -> set[str]:
    """Names of what these requirements install, and of what that needs, as far as it is installed here."""
    for text in texts:
        one = Requirement(text)
        if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in (extras or {""})):
            continue
        if same(one.name) == "cuspworld":
            for extra in one.extras:
                needed(PROJECT["optional-dependencies"][extra], frozenset(), found)
            continue
        key = f"{same(one.name)}[{','.join(sorted(one.extras))}]"
        if key not in found:
            found.add(key)
            try:
                needed(list(distribution(one.name).requires or ()), frozenset(one.extras), found)
            except PackageNotFoundError:
                continue
    return {key.partition("[")[0] for key in found}


def test_constraints_pin_what_is_installed_and_nothing_else():
    pytest.importorskip("ruff")  # [dev] is what is pinned; tests/versions.py installs less of it, and other versions
    pins = {same(line.partition("==")[0]) for line in (REPOSITORY / "constraints.txt").read_text().splitlines()}
    wanted = [*PROJECT["dependencies"], "cuspworld[dev,docs]"]
    found = needed(wanted, frozenset(), set())
    assert not found - pins, f"not pinned: {sorted(found - pins)}"

    def here(name: str) -> bool:
        try:
            return bool(distribution(name))
        except PackageNotFoundError:
            return False

    more = {name for name in pins - found if here(name)}  # what [docs] alone brings need not be here
    assert more <= {"setuptools"}, f"pinned, but nothing that is installed needs it: {sorted(more)}"


def test_every_dependency_has_a_lower_bound():
    optional = PROJECT["optional-dependencies"]
    named = [*PROJECT["dependencies"], *(one for extra in optional.values() for one in extra)]
    for text in named:
        assert text.startswith(("cuspworld[", "types-PyYAML")) or ">=" in text, text


def test_the_script_of_the_bounds_reads_them():
    assert lowest("av>=18.0,<20") == "av==18.0.*" and lowest("numpy>=2.1") == "numpy==2.1.*"
    assert lowest("mujoco-core[rendering]>=4.0") == "mujoco-core[rendering]==4.0.*"
    assert not any(one.startswith("torch") for one in requirements({"torch"}))


def test_the_script_of_the_bounds_installs_what_its_tests_import():
    installed = {same(re.split(r"[<>=\[]", one)[0]) for one in requirements({"torch"})}
    known = packages_distributions()
    for place in TORCHLESS:
        for file in sorted((REPOSITORY / place).rglob("*.py")) or [REPOSITORY / place]:
            for node in ast.parse(file.read_text()).body:
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                tops = {name.partition(".")[0] for name in names}
                for top in tops - sys.stdlib_module_names - {"cuspworld", "tests"}:
                    assert installed & {same(one) for one in known[top]}, f"{file} imports {top}"
