"""A glass of juice on a table is pushed: it rocks back, or tips over and pours."""

NAME = "Juice"
TASKS = ("Pour",)
