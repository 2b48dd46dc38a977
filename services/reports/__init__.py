"""What is heard: kinds of report, locating them, and the named state that every one of them is in."""
