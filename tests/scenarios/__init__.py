"""Scenarios: what the product does about real faults of a real cluster."""
