"""What is looked at, on its way to the window."""
