"""Encoded images → uint8 [H, W, 3]: formats, decoding, cropping and resizing."""
