"""A chair is lifted, dropped, propped on an edge; it stands, or tips over."""

NAME = "Chair"
NEEDS = ("mujoco",)
TASKS = ("SetDown",)
