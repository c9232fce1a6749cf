"""Does the audit find what is impossible, and keep silent on what is true? `benchmarks/audit.py` prints it."""
