"""Films: frames out of decoders and containers, and their true times."""
