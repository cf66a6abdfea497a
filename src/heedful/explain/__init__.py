"""What a model does with a text, shown with its own numbers."""
