"""The service: a fitted classifier behind HTTP, and a page to try it."""
