"""What a frame is made of: layers fused into passes, in an order, dispatched and timed."""
