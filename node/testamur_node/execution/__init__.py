"""Execution: raw transactions and a parent state root in; receipts, gas, trie writes and roots out."""
