"""Random small clips with what makes a sector hard to find: borders, several parts, thin shapes, colour, text."""

import cv2
import numpy as np


def shape(random, height, width):
    """One filled or thin shape as a boolean picture; it may leave the picture."""
    picture = np.zeros((height, width), np.uint8)
    x, y = int(random.integers(-10, width + 10)), int(random.integers(-10, height + 10))
    big = max(9, min(height, width) * 2 // 3)
    a, b = int(random.integers(8, big)), int(random.integers(8, big))
    kind = random.integers(5)
    if kind == 0:
        cv2.ellipse(picture, (x, y), (a, b), float(random.uniform(0, 180)), 0, 360, 1, -1)
    elif kind == 1:
        start = float(random.uniform(0, 360))
        cv2.ellipse(picture, (x, y), (2 * a, 2 * a), 0, start, start + float(random.uniform(30, 120)), 1, -1)
    elif kind == 2:
        cv2.rectangle(picture, (x - a, y - b), (x + a, y + b), 1, -1)
    elif kind == 3:
        corners = random.integers([-8, -8], [width + 8, height + 8], size=(int(random.integers(3, 7)), 2))
        cv2.fillPoly(picture, [corners.astype(np.int32)], 1)
    else:
        end = (int(random.integers(0, width)), int(random.integers(0, height)))
        cv2.line(picture, (x, y), end, 1, int(random.integers(1, 26)))
    return picture.astype(bool)


def clip(seed, largest=150):
    """U8 [F, H, W, 3] of Y, Cb, Cr."""
    random = np.random.default_rng(seed)
    frames = int(random.integers(2, 7))
    height, width = (int(n) for n in random.integers(30, largest, size=2))
    if random.random() < 0.2:
        width = height + int(random.integers(-1, 2))
    video = np.zeros((frames, height, width, 3), np.uint8)
    video[..., 1:] = 128
    for _ in range(int(random.integers(1, 6))):
        region = shape(random, height, width)
        dark = random.uniform(0, 0.4)
        for frame in video:
            noise = random.integers(1, 200, size=(height, width)) * (random.random((height, width)) > dark)
            frame[region, 0] = noise[region]
    text = shape(random, height, width) & (random.random((height, width)) < 0.3)
    video[:, text, 0] = 180
    if random.random() < 0.3:
        near = random.integers(124, 133, size=video[..., 1:].shape)
        where = shape(random, height, width)
        video[:, where, 1:] = near[:, where]
    if random.random() < 0.2:
        where = shape(random, height, width)
        video[:, where, 1:] = random.integers(0, 256, size=video[..., 1:].shape)[:, where]
    if random.random() < 0.05:
        video[-1] = video[0]
    return video
