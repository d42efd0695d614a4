"""How things declare their parameters and are found, and the plain data that all others share: sizes, taps, moments."""
