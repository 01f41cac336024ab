"""Step-by-step computations for the Learn page, in NumPy: every number a person can follow."""
