"""What a chain is made of: rules, transactions, receipts, headers, blocks. Frozen data and pure functions."""
