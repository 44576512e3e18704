"""Turns a MediaWiki dump into a certified deep-research data set, with no network. Start with `pipeline.py`."""

__version__ = "0.1.0"
