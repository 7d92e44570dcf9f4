"""What an operator does with a node: make a home, start it, look at it, back it up, bring a chain in. Behind `cli`."""
