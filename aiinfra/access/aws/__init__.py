"""Who can reach what on AWS, and who may do what there, read from a recorded graph."""
