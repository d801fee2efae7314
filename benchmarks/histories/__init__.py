"""Epoch by epoch histories of real small trainings, labelled overfit or not by data that neither training nor validation saw."""
