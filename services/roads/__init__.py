"""The roads of a utility's area: read from an OpenStreetMap extract, kept by version, and how long a drive on them takes."""
