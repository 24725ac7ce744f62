"""A release at its site: fetched, verified, tried, served, watched, and kept or rolled back."""
