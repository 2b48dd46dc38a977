"""The console in the browser: what is served to it, what it may ask, and its pages (`web/`, built into `static/`)."""
