"""Full-size runs whose stored results the lessons show."""
