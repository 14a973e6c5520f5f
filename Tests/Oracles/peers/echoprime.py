"""EchoPrime's mask and crop in OpenCV, after docs/crop.md: what echoprep is compared with and raced against."""

import cv2
import numpy as np


def colours(frame):
    """Y, Cb, Cr of one frame [H, W, 3] to R, G, B by OpenCV's analogue-YUV matrix."""
    return cv2.cvtColor(frame, cv2.COLOR_YUV2RGB)


def grays(clip):
    return np.stack([cv2.cvtColor(colours(frame), cv2.COLOR_RGB2GRAY) for frame in clip])


def fill_from_corner(picture):
    """What a fill from the top left pixel does not reach, as 0 and 255."""
    filled = picture.copy()
    cv2.floodFill(filled, None, (0, 0), 100)
    return np.where(filled == 100, 0, 255).astype(np.uint8)


def mask(clip):
    """U8 [H, W] of 0 and 255 for a clip U8 [F, H, W, 3]; None where the first and last frame say nothing."""
    gray = grays(clip)
    count = (gray > 0).sum(axis=0).astype(np.uint16)
    first = clip[0].astype(int)
    count += (first[..., 0] >= 1) | ((first[..., 0] == 0) & (first[..., 1] == 0) & (first[..., 2] <= 1))
    square = np.ones((3, 3), np.uint8)
    count = cv2.erode(count, square, iterations=10)

    difference = cv2.absdiff(gray[0], gray[-1])
    difference[:20, :20] = 0
    seed = ((count > 0) & (difference > 0)).astype(np.uint8) * 255
    if not seed.any():
        return None
    shape = fill_from_corner(cv2.dilate(seed, square, iterations=10))

    contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outlines = np.zeros_like(shape)
    for contour in contours:
        cv2.drawContours(outlines, [cv2.convexHull(contour)], -1, 255, 3)
    return fill_from_corner(outlines)


def crop(frame):
    """The centre square less a tenth off each side, without EchoPrime's failure where a padding is 0."""
    height, width = frame.shape[:2]
    if width > height:
        off = int(round((width - height) / 2))
        frame = frame[:, off : width - off]
    if height > width:
        off = int(round((height - width) / 2))
        frame = frame[off : height - off]
    height, width = frame.shape[:2]
    down, right = height // 10, width // 10
    return frame[down : height - down, right : width - right]


def pixels(clip, inside, size=224):
    """B, G, R of every frame, masked, cropped and resized: U8 [F, size, size, 3]."""
    result = []
    for frame in clip:
        picture = colours(frame)
        picture = cv2.bitwise_and(picture, picture, mask=inside)
        picture = cv2.resize(crop(picture), (size, size), interpolation=cv2.INTER_CUBIC)
        result.append(picture[..., ::-1])
    return np.stack(result)


def luma_pixels(clip, inside, size=224):
    """Y of every frame the same way: U8 [F, size, size]."""
    result = []
    for frame in clip:
        luma = np.ascontiguousarray(frame[..., 0])
        picture = cv2.bitwise_and(luma, luma, mask=inside)
        result.append(cv2.resize(crop(picture), (size, size), interpolation=cv2.INTER_CUBIC))
    return np.stack(result)


def upsample(plane, height, width):
    """One plane of chroma at the picture's size, by libjpeg's fancy rule, for 4:4:4, 4:2:2 and 4:2:0."""
    plane = plane.astype(int)
    rows, columns = plane.shape
    if columns == width:
        return plane.astype(np.uint8)
    if columns <= 2:
        plane = plane if rows == height else plane.repeat(2, axis=0)[:height]
        return plane.repeat(2, axis=1)[:, :width].astype(np.uint8)
    if rows == height:
        sums, left_rounding, right_rounding, shift = plane, 1, 2, 2
    else:
        y = np.arange(height)
        near = y // 2
        far = np.clip(near + np.where(y % 2 == 0, -1, 1), 0, rows - 1)
        sums, left_rounding, right_rounding, shift = 3 * plane[near] + plane[far], 8, 7, 4
    before = np.concatenate([sums[:, :1], sums[:, :-1]], axis=1)
    after = np.concatenate([sums[:, 1:], sums[:, -1:]], axis=1)
    result = np.empty((height, 2 * columns), int)
    result[:, 0::2] = (3 * sums + before + left_rounding) >> shift
    result[:, 1::2] = (3 * sums + after + right_rounding) >> shift
    return result[:, :width].astype(np.uint8)
