"""The course's figures: one function a figure, (ax, arrays) -> ax. The only package that imports matplotlib."""

from course_lib.plotting.bars import bars, grouped_bars, intervals
from course_lib.plotting.curves import against_truth, curve, forecast, lag_curves, lines, signal, trade_off
from course_lib.plotting.diagrams import unrolled
from course_lib.plotting.images import attention_maps, film, frames, pictures
from course_lib.plotting.matrices import attention, heat_map
from course_lib.plotting.sounds import listening, spectrogram
from course_lib.plotting.style import BLUE, close, figure, title
from course_lib.plotting.texts import coloured_text, over_words, text_states
from course_lib.plotting.vectors import moves

__all__ = [
    "BLUE", "against_truth", "attention", "attention_maps", "bars", "close", "coloured_text", "curve", "figure",
    "film", "forecast", "frames", "grouped_bars", "heat_map", "intervals", "lag_curves", "lines", "listening", "moves",
    "over_words", "pictures", "signal", "spectrogram", "text_states", "title", "trade_off", "unrolled",
]  # fmt: skip
