"""The WSGI application that Gunicorn serves (`app:app`) and that `flask run` finds."""

from flaskrandom import create_app
from flaskrandom.core import StringSpec, plan

app = create_app()

# Count once without offensive words in the master: that takes a while, and workers share it.
plan(StringSpec(length=32, special=True, min_digits=1, min_lower=1, min_upper=1, min_special=1, exclude_profanity=True))
