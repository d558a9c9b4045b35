"""The helper package of the course. Importing it imports nothing heavy: every module is imported where it is needed."""

__version__ = "0.1.0"
