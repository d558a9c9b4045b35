"""Sounds: to and from files, to spectra, and made a little different."""
