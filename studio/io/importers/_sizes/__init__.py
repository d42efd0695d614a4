"""What in a file follows the size of the picture, and which sizes a network takes."""
