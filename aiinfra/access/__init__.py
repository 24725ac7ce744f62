"""Who can reach what, read from a recorded graph."""
