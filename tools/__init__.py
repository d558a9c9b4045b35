"""What builds, measures and checks the course."""
