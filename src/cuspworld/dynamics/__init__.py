"""What happens next, and what an action causes: JEPA, planning with it."""
