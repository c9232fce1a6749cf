"""The parts of benchmarks/audit.py: which clips, what is measured on them, and a cache of what the audit said."""
