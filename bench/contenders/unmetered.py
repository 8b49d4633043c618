"""Our app without metrics: the difference is the cost of metrics."""

from flaskrandom.http import metrics

metrics.Measured = lambda flask, app: app
metrics.drawn = lambda kind: lambda *_: None

from flaskrandom import create_app  # noqa: E402

app = create_app()
