"""Who listens changes nothing, and hears every suspect with its check."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence
from cuspworld.audit.laws import checks
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.exam.audit.listening import listening
from cuspworld.exam.audit.store import Store


@pytest.fixture(scope="module")
def clip() -> Clip:
    return worlds.make("Collision", size=96, fps=24.0).record(3, seconds=1.5)


def _gone() -> Clip:
    """A thing that moves evenly, and is gone at once."""
    frames = np.full((40, 72, 96, 3), (150, 160, 170), np.uint8)
    for t in range(25):
        frames[t, 30:42, 20 + t : 32 + t] = (200, 40, 40)
    return Clip(frames, 25.0)


@pytest.mark.parametrize("taught", [True, False])
def test_the_report_is_the_same(clip: Clip, taught: bool) -> None:
    shots = []
    report = audit_clip(clip, taught=listening(lambda scene, frames, _: shots.append(len(frames)), weighs=taught))
    assert report.to_json() == audit_clip(clip, taught=taught).to_json()
    assert sum(shots) == len(clip)


def test_every_suspect_of_every_check_is_heard_once() -> None:
    heard, found = [], []

    def hear(scene: Scene, frames: np.ndarray, evidence: dict[str, Evidence]) -> None:
        for law in evidence.values():
            heard.extend((s.check, float(s.strength)) for s in (*law.suspects, *law.repeats))
        looked = look(Observations(scene), checks())
        found.extend((one.check.name, float(s.strength)) for one in looked for s in one.suspects)

    audit_clip(_gone(), taught=listening(hear, weighs=False))
    assert sorted(heard) == sorted(found) and len(heard) > 3


def test_a_store_s_report_names_every_check_that_suspects_something() -> None:
    report = Store(None, taught=False).report(_gone())
    gone = [s for s in report["suspects"] if s["law"] == "permanence"]
    assert "vanishes" in {s["check"] for s in gone}
    assert abs(gone[0]["start"] - 0.96) < 0.1 and gone[0]["strength"] > 0
