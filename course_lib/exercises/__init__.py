"""The checks of the lessons' exercises, a module a lesson: each names the likely mistake."""
