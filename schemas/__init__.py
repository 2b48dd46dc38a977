"""The words: every event, the table of topics, strict codecs between bytes and events. No I/O."""
