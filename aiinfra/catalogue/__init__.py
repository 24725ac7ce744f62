"""Dated, sourced data: accelerators, instances, prices, power and carbon, with what a user adds by file."""
