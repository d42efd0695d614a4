"""What files say of themselves: first bytes, parts, boxes."""
