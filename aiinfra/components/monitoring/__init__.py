"""Alarms, dashboards and the collector of a site, as plain objects."""
