"""Files of networks and presets, sources of pictures, recordings."""
