"""What customers are told about their outage: who, when, in which words, and what became of each text."""
