"""Video and sound in, 16 kHz mono and stereo on the picture's clock out."""
