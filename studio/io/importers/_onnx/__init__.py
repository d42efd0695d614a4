"""ONNX models: what their files hold, and what their operators mean."""
