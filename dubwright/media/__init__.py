"""Probing, decoding and encoding: the only place that touches FFmpeg and PyAV."""
