"""What auditors read: every event of the suite, in order, decoded."""
