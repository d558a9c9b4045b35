"""Checks of lesson 11's exercises."""


def check_gain(function):
    """Exercise 1."""


def check_filtered(function):
    """Exercise 2."""
