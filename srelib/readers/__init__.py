"""Exports to canonical tables: what finds, opens, types and checks them, and the families."""
