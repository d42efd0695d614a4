"""What operators of several formats mean alike, as layers of a draft."""
