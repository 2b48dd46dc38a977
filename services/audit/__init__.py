"""Proves the promises on the data itself: runs every room's audit rules."""
