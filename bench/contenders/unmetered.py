"""Ours with nothing counted: what metrics cost is the difference."""

from flaskrandom.http import metrics

metrics.Measured = lambda flask, app: app
metrics.drawn = lambda kind: lambda *_: None

from flaskrandom import create_app  # noqa: E402

app = create_app()
