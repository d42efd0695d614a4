"""Values of a model that is being read: views of layers' maps, constants and sizes."""
