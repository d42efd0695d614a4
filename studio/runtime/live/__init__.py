"""The running network as a window sees it: threads, what is asked of them, and what they tell."""
