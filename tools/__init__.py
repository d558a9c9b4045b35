"""What builds, measures and checks the course."""

from course_lib.console import print_utf8

print_utf8()  # all that is run in here prints
