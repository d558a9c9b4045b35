"""Texts from a network, one token after another: drawn, or searched for; or from all frames of a sound at once."""

from course_lib.decoding.beam import CaptionGenerator, Hypothesis, Transcriber, Translator
from course_lib.decoding.ctc import best_path, ctc_texts, prefix_beam
from course_lib.decoding.sampling import TextGenerator, adjust_logits

__all__ = [
    "CaptionGenerator", "Hypothesis", "TextGenerator", "Transcriber", "Translator", "adjust_logits", "best_path",
    "ctc_texts", "prefix_beam",
]  # fmt: skip
