"""Testamur: credentials that an alliance of institutions issues and anyone verifies."""
