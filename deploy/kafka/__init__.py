"""An Apache Kafka of our own: one node, broker and controller in one, with the Java of a Python wheel."""

from deploy.kafka.node import Kafka, cluster_at

__all__ = ["Kafka", "cluster_at"]
