"""A model made shippable: built into a folder, signed, verified, and tried on golden inputs before it answers."""
