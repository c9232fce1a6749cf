"""The temperature of a plate whose edge is held hot and cold."""

NAME = "Heat"
