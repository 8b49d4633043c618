"""flaskrandom: a random-string API. `create_app` reads like a table of contents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from .config import Config


def create_app(config: Config | None = None) -> Flask:
    """Build the application.

    Args:
        config: the settings; read from the environment when not given.

    Raises:
        config.BadSetting: an environment variable holds a value that is not allowed.
    """
    # Imported here: Supervisor reads `config` alone, and stays 15 MB smaller for it.
    from flask import Flask

    from . import cli
    from .config import Config
    from .http import access, article, health, metrics, openapi, problems, repeats, v1

    config = config or Config.from_environ(os.environ)
    # The app has no static files of its own: nginx serves those.
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(article.blueprint)
    app.register_blueprint(v1.blueprint(config))
    app.register_blueprint(openapi.blueprint(config))
    app.register_blueprint(health.blueprint)
    problems.register(app)
    views = app.wsgi_app
    repeats.register(app)
    # Outside of what is remembered: whoever shows no valid key gets none of it.
    access.register(app, config, strangers=views)
    metrics.register(app)
    cli.register(app, config)
    return app
