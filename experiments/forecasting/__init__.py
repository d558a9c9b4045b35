"""What comes next in a column of numbers: views, rivals, networks, judging."""
