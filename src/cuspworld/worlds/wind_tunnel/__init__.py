"""Smoke flows past an obstacle; vortices are shed, or not."""

NAME = "WindTunnel"
