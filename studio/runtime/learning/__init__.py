"""Learning beside the picture: a thread that takes steps, and the session that carries them into the document."""
