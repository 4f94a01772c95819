"""What a trial shows: survival, responses and biomarkers."""
