"""One loop, schedules, objectives as functions."""
