"""Digits drawn with a pen of any width, as people write them."""

import numpy as np
from PIL import Image, ImageDraw


def _arc(x, y, rx, ry, start, end):
    angles = np.deg2rad(np.linspace(start, end, 24))
    return [(x + rx * np.cos(a), y + ry * np.sin(a)) for a in angles]


STROKES = {
    0: [_arc(0.5, 0.5, 0.3, 0.45, 0, 360)],
    1: [[(0.4, 0.2), (0.52, 0.05), (0.5, 0.95)]],
    2: [[*_arc(0.48, 0.28, 0.27, 0.23, 190, 380), (0.25, 0.93), (0.8, 0.9)]],
    3: [_arc(0.45, 0.27, 0.27, 0.22, 210, 440) + _arc(0.45, 0.71, 0.3, 0.24, 270, 510)],
    4: [[(0.35, 0.05), (0.2, 0.55), (0.8, 0.52)], [(0.62, 0.3), (0.58, 0.97)]],
    5: [[(0.72, 0.07), (0.35, 0.08), (0.3, 0.42), *_arc(0.47, 0.66, 0.28, 0.27, 230, 500)]],
    6: [[(0.6, 0.04), (0.4, 0.3), *_arc(0.48, 0.7, 0.24, 0.25, 190, 560)]],
    7: [[(0.2, 0.1), (0.75, 0.08), (0.42, 0.95)]],
    8: [_arc(0.5, 0.28, 0.2, 0.22, 90, 450) + _arc(0.5, 0.73, 0.26, 0.23, 270, 630)],
    9: [[*_arc(0.48, 0.3, 0.22, 0.24, 0, 360), (0.7, 0.32), (0.62, 0.95)]],
}
"""Lines of each digit in a box of side 1, from the left and from above."""


def draw(digit, *, size, pen, slant=0.0):
    """Draw a digit in white on black; gives an array of shape (size, size)."""
    image = Image.new("L", (size, size))
    canvas = ImageDraw.Draw(image)
    for stroke in STROKES[digit]:
        points = [
            (size * (0.1 + 0.8 * x + slant * (0.5 - y)), size * (0.08 + 0.84 * y))
            for x, y in stroke
        ]
        canvas.line(points, fill=255, width=round(pen), joint="curve")
        for x, y in points:
            canvas.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=255)
    return np.asarray(image, dtype=np.float64)
