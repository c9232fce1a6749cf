"""The room transport."""
