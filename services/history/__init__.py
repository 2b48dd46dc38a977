"""Outages of years past, from lists and outage maps of others, in a ledger of their own: customers counted, not named."""
