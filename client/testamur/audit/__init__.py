"""What auditors read: every event of the suite, in order, decoded; whether these are all; what they add up to."""
