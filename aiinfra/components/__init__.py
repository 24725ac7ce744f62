"""Components: Pulumi resources from primitives, closed by default. Import them from their modules."""
