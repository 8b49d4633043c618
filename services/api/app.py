"""The WSGI application that Gunicorn serves (`app:app`) and that `flask run` finds."""

from flaskrandom import create_app
from flaskrandom.core import StringSpec, plan

app = create_app()

# Load the list of offensive words in the master: that takes a while, and workers share it.
plan(StringSpec(exclude_profanity=True))
