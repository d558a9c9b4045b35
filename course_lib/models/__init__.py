"""The models of the lessons."""
