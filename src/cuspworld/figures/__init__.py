"""The pictures that explain the geometry, each made by one command."""
