"""Work in the background that needs no engine: a worker, opening, importing, priorities."""
