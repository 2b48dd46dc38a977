"""What a Prometheus and a Grafana need to watch an installation: scrape configuration, alert rules, a dashboard."""
