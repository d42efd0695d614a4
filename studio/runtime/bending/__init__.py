"""What chooses channels to bend: clusters of those that see alike, and those that matter most; no Qt."""
