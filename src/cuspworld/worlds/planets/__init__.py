"""Planets around a star: bound, captured, or lost."""

NAME = "Planets"
TASKS = ("Escape",)
