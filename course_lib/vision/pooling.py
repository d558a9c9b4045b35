"""How one vector is made of the regions of a picture."""

from course_lib.backend import keras

ops = keras.ops


def _pyramid(grid):
    """Means of all regions, of the upper and of the lower half: (B, rows, columns, C) -> (B, 3 C)."""
    rows = grid.shape[1]
    parts = grid, grid[:, : (rows + 1) // 2], grid[:, rows // 2 :]  # the middle row is in both
    return ops.concatenate([ops.mean(part, axis=(1, 2)) for part in parts], axis=-1)


# A pyramid (Lazebnik, Schmid & Ponce 2006) keeps above and below apart.
POOLINGS = {
    "mean": lambda grid: ops.mean(grid, axis=(1, 2)), "max": lambda grid: ops.max(grid, axis=(1, 2)),
    "pyramid": _pyramid,
}  # fmt: skip
