"""A network that reads numbers and says what comes next, and how sure it is."""

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import recurrent

layers = keras.layers


def forecaster(features, ahead, units=32, cell="lstm"):
    """Numbers (B, T, D) -> mean and log standard deviation of what comes 1 to `ahead` steps later: (B, T, K, D, 2).

    features: D. ahead: K. cell: "rnn", "gru" or "lstm". CourseError if K or D is below 1, or for another cell.
    """
    if features < 1 or ahead < 1:
        raise CourseError(f"features and ahead: expected 1 or more of each, got {features} and {ahead}.")
    numbers = keras.Input((None, features))
    h, *_ = recurrent(cell, units, name="memory")(numbers)  # (B, T, H)
    said = layers.Dense(ahead * features * 2, name="readout")(h)
    return keras.Model(numbers, layers.Reshape((-1, ahead, features, 2))(said), name="forecaster")
