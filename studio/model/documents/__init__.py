"""What is open: a preset that is edited, with undo of everything."""
