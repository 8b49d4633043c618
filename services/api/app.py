"""The WSGI application that Gunicorn serves (`app:app`) and that `flask run` finds."""

from flaskrandom import create_app
from flaskrandom.core import StringSpec, plan

app = create_app()

# The list of offensive words takes a while to read. Workers share it when their master has done so.
plan(StringSpec(exclude_profanity=True))
