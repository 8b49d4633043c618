"""The WSGI application that Gunicorn serves (`app:app`) and that `flask run` finds."""

from flaskrandom import create_app

app = create_app()
