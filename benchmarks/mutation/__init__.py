"""Small faults put into the source, one at a time, to see whether a test notices (DeMillo, Lipton, Sayward 1978)."""
