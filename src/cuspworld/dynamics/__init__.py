"""What happens next, and what an action causes: JEPA, planning with it, the learned world.

`gymnasium.make("cuspworld.dynamics:cuspworld/Juice-learned-v0", model="runs/juice/model")` plays in one.
"""

import gymnasium as _gymnasium

from cuspworld import worlds as _worlds

for _name in _worlds.names():
    _gymnasium.register(
        id=f"cuspworld/{_name}-learned-v0",
        entry_point="cuspworld.dynamics.learned_world:LearnedWorld",
        kwargs={"name": _name},
    )
