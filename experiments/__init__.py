"""Full-size runs whose stored results the lessons show."""

from course_lib.console import print_utf8

print_utf8()  # all that is run in here prints
