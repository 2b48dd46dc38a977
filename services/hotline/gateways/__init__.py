"""The ways out of the hotline room."""
