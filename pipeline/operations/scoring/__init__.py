"""Risks for many records: part by part, each kept once it is scored, and put in place together."""
