"""How good a model is, in numbers. No TensorFlow."""

from course_lib.metrics.calibration import (
    agreement,
    expected_calibration_error,
    expected_error,
    nats_above_floor,
    reliability,
)
from course_lib.metrics.captions import caption_bleu, cider
from course_lib.metrics.forecasts import coverage, gaussian_nats, interval, skill, squared_errors
from course_lib.metrics.language import (
    accuracy_by_distance,
    log_p_of_targets,
    log_softmax,
    perplexity,
    perplexity_ratio,
    sentences,
    story_marks,
)
from course_lib.metrics.pointing import highest, pointing_accuracy, pointing_at_words
from course_lib.metrics.recognition import ErrorInterval, Timing, character_error, error_interval, timing, word_error
from course_lib.metrics.translation import alignment_error_rate, bleu, bleu_by_length, links, thirds

__all__ = [
    "ErrorInterval", "Timing", "accuracy_by_distance", "agreement", "alignment_error_rate", "bleu", "bleu_by_length",
    "caption_bleu", "character_error", "cider", "coverage", "error_interval", "expected_calibration_error",
    "expected_error", "gaussian_nats", "highest", "interval", "links", "log_p_of_targets", "log_softmax",
    "nats_above_floor", "perplexity", "perplexity_ratio", "pointing_accuracy", "pointing_at_words", "reliability",
    "sentences", "skill", "squared_errors", "story_marks", "thirds", "timing", "word_error",
]  # fmt: skip
