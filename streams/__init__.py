"""The streams: thin carriers between Kafka and the rooms. They decide nothing."""
