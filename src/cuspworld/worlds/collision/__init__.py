"""Two balls collide, one ball rolls, or a ball is thrown."""

NAME = "Collision"
TASKS = ("Avoid",)
