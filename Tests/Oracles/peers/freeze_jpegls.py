"""Freezes small JPEG-LS pictures as CharLS codes them, and what it decodes them to.

    pip install pyjpegls numpy
    python Tests/Oracles/peers/freeze_jpegls.py fixtures/jpegls/charls.csv

One line a picture: name, height, width, components, bits, samples component by component in hexadecimal words of 16
bits, the code in hexadecimal. The pictures have slopes, runs, runs that end in new values, and noise.
"""

import sys

import jpeg_ls
import numpy as np

rng = np.random.default_rng(16)


def picture(height, width, components, bits):
    """Samples [height, width, components]."""
    y, x = np.mgrid[0:height, 0:width]
    top = 2**bits - 1
    planes = []
    for c in range(components):
        plane = (x * (3 + c) + y * (2 + 2 * c)) % (top + 1)
        plane[:, width // 2 :] = (top * (c + 1)) // 4
        plane[height // 2, width // 2 + 3] = top
        plane[-2:] = rng.integers(0, top + 1, (2, width))
        planes.append(plane)
    return np.stack(planes, 2)


def lines():
    for bits in (2, 8, 12, 16):
        for near in (0, 3) if bits >= 8 else (0,):
            for components in (1, 3):
                for interleave in (0, 1, 2) if components == 3 else (None,):
                    samples = picture(11, 17, components, bits)
                    kind = np.uint8 if bits <= 8 else np.uint16
                    given = samples.astype(kind)
                    if interleave is None:
                        given = given[..., 0]
                    elif interleave == 0:
                        given = given.transpose(2, 0, 1)
                    code = jpeg_ls.encode_array(np.ascontiguousarray(given), near, interleave)
                    seen = jpeg_ls.decode(np.frombuffer(code, np.uint8)).reshape(samples.shape if components == 3 else samples.shape[:2])
                    seen = seen if components == 3 else seen[..., None]
                    depth = code[code.index(b"\xff\xf7") + 4]
                    words = seen.astype(int).transpose(2, 0, 1).ravel()
                    assert np.abs(words - samples.transpose(2, 0, 1).ravel()).max() <= near
                    name = f"{depth} bits near {near} components {components} interleave {interleave}"
                    yield f"{name},11,17,{components},{depth},{''.join(f'{w:04x}' for w in words)},{bytes(code).hex()}"


with open(sys.argv[1], "w") as out:
    for line in lines():
        out.write(line + "\n")
