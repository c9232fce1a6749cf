"""The room codec."""
