"""What happens next, and what an action causes: JEPA, planning with it, the learned world and its hand-over.

`gymnasium.make("cuspworld.dynamics:cuspworld/Juice-learned-v0", model="runs/juice/model")` plays in one;
`-hybrid-v0` hands over to first principles where it is not trusted.
"""

import gymnasium as _gymnasium

from cuspworld import worlds as _worlds

for _name in _worlds.names():
    for _kind, _entry in (("learned", "learned_world:LearnedWorld"), ("hybrid", "hybrid_world:HybridWorld")):
        _gymnasium.register(
            id=f"cuspworld/{_name}-{_kind}-v0", entry_point=f"cuspworld.dynamics.{_entry}", kwargs={"name": _name}
        )
