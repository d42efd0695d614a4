"""The picture: surfaces, camera, what is drawn, the output window."""
