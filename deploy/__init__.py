"""How it runs: commands, supervisor, PostgreSQL and Kafka as children."""
