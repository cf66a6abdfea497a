"""The transformer, torch only. Read: config, attention, positions, block, inputs, model, cache."""
