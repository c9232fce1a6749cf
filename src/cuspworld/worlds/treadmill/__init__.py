"""A walker on a belt keeps its place, or slips and is carried off."""

NAME = "Treadmill"
NEEDS = ("mujoco",)
TASKS = ("Keep",)
