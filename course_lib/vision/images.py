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
    """A picture file, or its bytes, in RGB: any mode, turned as its EXIF says. What is transparent becomes white.

    A large JPEG is decoded at a fraction of its size, no side shorter than `size`. ImageError, with the name, for what
    is no picture, is cut off or is too large.
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
            picture = ImageOps.exif_transpose(opened)
            if "transparency" in picture.info or picture.mode in ("LA", "PA", "La", "RGBa"):
                picture = picture.convert("RGBA")
            if picture.mode == "RGBA":
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):  # more than 8 bits
                values = np.asarray(picture, float)
                values = 255 * (values - values.min()) / max(np.ptp(values), 1e-9)
                picture = Image.fromarray(values.astype(np.uint8))
            return picture.convert("RGB")
    except FileNotFoundError:
        raise ImageError(f"{name}: there is no such file.") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name}: too many pixels, at most {MOST_PIXELS:,} are read.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        why = "nothing that Pillow knows" if isinstance(error, UnidentifiedImageError) else error
        raise ImageError(f"{name}: not a picture that can be read, or cut off ({why}).") from None


def resized(image: Image.Image, width: int, height: int) -> np.ndarray:
    """An image as (height, width, 3), uint8; squashed, if its shape is another one."""
    from PIL import Image

    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def decode(source, size: int, name: str | None = None) -> np.ndarray:
    """A picture file, or its bytes, squashed to a square: (size, size, 3), uint8. ImageError as `open_image`."""
    return resized(open_image(source, size, name), size, size)
