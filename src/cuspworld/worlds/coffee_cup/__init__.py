"""Two toy ships fight in a cup of coffee."""

NAME = "CoffeeCup"
