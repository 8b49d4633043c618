# Development settings that `flask run` reads (`make dev`). The image does not carry this file.
# FLASK_ENV, which the article sets, is gone since Flask 2.3: FLASK_DEBUG took its place.
FLASK_APP=app.py
FLASK_DEBUG=1
FLASK_RUN_PORT=8000
