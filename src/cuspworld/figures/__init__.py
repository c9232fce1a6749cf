"""The pictures that the mission names, each made by one command."""
