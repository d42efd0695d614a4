"""Formats of still pictures, where OpenCV and FFmpeg leave something undone."""
