"""The ways by which a text leaves the house."""
