"""The honest rivals of the transformer: same interface as `tasks`."""
