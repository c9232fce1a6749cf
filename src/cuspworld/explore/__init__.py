"""Which experiment next? Acquisitions over a pool of a world's parameters, behind one interface."""
