"""A batch at work: calls are claimed, made, kept and told of."""
