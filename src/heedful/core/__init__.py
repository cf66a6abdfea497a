"""The transformer, torch only. Read it in this order: config, attention, block, inputs, model."""
