"""Calls the contacts of large customers whose power is out, again and again, until one acknowledges."""
