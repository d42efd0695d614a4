"""Models of others, opened or dropped: reading, questions, recent ones."""
