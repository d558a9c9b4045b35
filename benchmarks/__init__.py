"""Measurements of speed, and what they gave."""

from course_lib.console import print_utf8

print_utf8()  # all that is run in here prints
