"""Smaller and faster: weights stored for decoding."""
