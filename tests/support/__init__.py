"""Helpers that more than one suite needs, such as handles on running stacks."""
