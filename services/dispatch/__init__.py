"""Sends crews: depots, travel, who goes where, and what becomes of an order."""
