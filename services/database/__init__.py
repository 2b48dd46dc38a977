"""PostgreSQL: connections, wake-ups, migrations, and databases made from a template."""
