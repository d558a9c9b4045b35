"""Measurements of speed, and what they gave."""
