"""Noise -> data: optimal transport with its singular set, and flow matching."""
