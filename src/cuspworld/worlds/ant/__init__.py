"""An ant on six legs walks over the ground."""

NAME = "Ant"
NEEDS = ("mujoco",)
