"""Operations on tensors as NumPy, Keras and TensorFlow name them, for files that say them one by one."""
