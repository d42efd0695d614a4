"""What is looked at and held in the hand, none of which is undone."""
