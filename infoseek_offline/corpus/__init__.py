"""See pipeline.py for the order of the stages."""
