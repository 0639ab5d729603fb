"""Rows that workers lease: claim, renew, settle, and say how far they are."""
