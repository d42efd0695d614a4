"""What happens to a picture: through a network, and from a source to a recording. No Qt here, and no OpenGL calls."""
