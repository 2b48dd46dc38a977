"""Figures of reliability: they read the ledger through a view and change nothing."""
