"""Picture files, decoded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 80_000_000  # a larger picture is refused before it fills the memory


class ImageError(CourseError):
    """A file is no picture that can be read; the message names it."""


def open_image(source, size: int, name: str | None = None) -> Image.Image:
    """A picture file, or its bytes, in RGB as a viewer shows it: any mode, turned as its EXIF says, on white.

    More than 8 bits are scaled: the largest number of the format becomes 255 (of floats 1.0), whatever the picture
    holds. A large JPEG is decoded at a fraction of its size, no side shorter than `size`. ImageError, with the name,
    for what is no picture, is cut off, is too large, or has numbers of which it is not clear what is white.
    """
    import io

    from PIL import Image, ImageOps, UnidentifiedImageError

    name = name or (str(source) if isinstance(source, str | os.PathLike) else "the picture")
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise ImageError(f"{name}: {width} × {height} pixels are too many, at most {MOST_PIXELS:,} are read.")
            opened.draft("RGB", (size, size))
            picture = ImageOps.exif_transpose(_eight_bits(opened, data, name))
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            return picture.convert("RGB")
    except FileNotFoundError:
        raise ImageError(f"{name}: there is no such file.") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name}: too many pixels, at most {MOST_PIXELS:,} are read.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        why = "nothing that Pillow knows" if isinstance(error, UnidentifiedImageError) else error
        raise ImageError(f"{name}: not a picture that can be read, or cut off ({why}).") from None


def _eight_bits(opened, data, name):
    """The picture with 8 bits a channel, and what is transparent in it as a viewer shows it, where Pillow does not."""
    from PIL import Image

    clear = opened.info.get("transparency")
    if opened.mode.startswith("I") or opened.mode == "F":
        values = np.asarray(opened)
        grey = _grey(values, getattr(opened, "tag_v2", {}), name)
        if clear is None:
            picture = Image.fromarray(grey)
        else:
            picture = Image.fromarray(np.stack([grey, np.where(values == clear, 0, 255).astype(np.uint8)], axis=-1))
    elif opened.format == "PNG" and opened.mode == "RGB" and clear is not None and data[24] == 16:  # bits a channel
        opened.load()  # raises where it is cut off
        picture = Image.fromarray(_png_of_16_bits(data))
    else:
        if opened.format == "PNG" and opened.mode == "L" and clear is not None:  # Pillow has scaled the pixels only
            largest = 2 ** data[24] - 1
            opened.info["transparency"] = (clear & largest) * 255 // largest
        return opened
    picture.info = {key: value for key, value in opened.info.items() if key != "transparency"}
    return picture


def _grey(values, tags, name):
    """Numbers of more than 8 bits -> 0 to 255. tags: a TIFF's. ImageError if some are below black or above white."""
    bits, kind = tags.get(258, (16,))[0], tags.get(339, (1,))[0]  # 1: unsigned, 2: signed
    white = 1 if values.dtype.kind == "f" else 2 ** (bits - (kind == 2)) - 1
    low, high = values.min(), values.max()
    if not 0 <= low <= high <= white:
        raise ImageError(
            f"{name}: numbers from {low:g} to {high:g}, but 0 is black and {white} white: save it with 8 bits."
        )
    grey = np.rint(values * (255 / white)).astype(np.uint8)
    return 255 - grey if tags.get(262) == 0 else grey  # 262: 0 is white


def _png_of_16_bits(data):
    """A PNG in RGBA. Pillow keeps 8 of the 16 bits, which do not tell what is clear. ValueError if it is damaged."""
    import course_lib.backend  # noqa: F401 - before TensorFlow: without its log lines

    # isort: split
    import tensorflow as tf

    try:
        decoded = tf.io.decode_png(data, channels=4, dtype=tf.uint16)
    except tf.errors.InvalidArgumentError:
        raise ValueError("damaged") from None
    return np.rint(decoded.numpy() / 257).astype(np.uint8)


def resized(image: Image.Image, width: int, height: int) -> np.ndarray:
    """An image as (height, width, 3), uint8; squashed, if its shape is another one."""
    from PIL import Image

    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def decode(source, size: int, name: str | None = None) -> np.ndarray:
    """A picture file, or its bytes, squashed to a square: (size, size, 3), uint8. ImageError as `open_image`."""
    return resized(open_image(source, size, name), size, size)
