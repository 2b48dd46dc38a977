"""What processes tell of themselves to those who operate them: metrics, health, and the names of log events."""
