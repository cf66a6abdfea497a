"""The ancestors of the transformer, each with its paper's own experiment."""
