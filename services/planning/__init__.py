"""Planned work: its announcements, its windows, and what becomes of them."""
