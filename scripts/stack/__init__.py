"""The project's commands on the host, as the Makefile calls them: python3 -m scripts.stack COMMAND.

Standard library only, Python 3.9 or newer.
"""
