"""Ways out to those who run the meters."""
