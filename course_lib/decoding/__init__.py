"""Texts from a network, one token after another: drawn, or searched for."""

from course_lib.decoding.beam import CaptionGenerator, Hypothesis, Translator
from course_lib.decoding.sampling import TextGenerator, adjust_logits

__all__ = ["CaptionGenerator", "Hypothesis", "TextGenerator", "Translator", "adjust_logits"]
