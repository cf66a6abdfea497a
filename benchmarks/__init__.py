"""Where each figure of the README is made: `python -m benchmarks [NAME...]`."""
