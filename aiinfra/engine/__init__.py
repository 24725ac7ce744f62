"""The real Pulumi engine against a stand-in for every provider: rehearsals, and what a machine lacks for them."""
