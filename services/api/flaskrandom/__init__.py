"""flaskrandom: a random-string API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .config import Config

__version__ = "1.1.0"

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Config | None = None) -> Flask:
    """Build the application.

    Args:
        config: the settings; read from the environment when not given.

    Raises:
        config.BadSetting, keys.BadKeyFile: a setting is not allowed, or the series key's file is not valid.
    """
    # Imported here: Supervisor needs `config` only, which saves it 15 MB.
    from flask import Flask

    from . import cli, keys
    from .http import access, article, draws, health, metrics, openapi, responses, v1

    config = config or Config.from_environ(os.environ)
    # The app has no static files of its own: nginx serves those.
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # no HTML that redirects to another port than nginx's
    series_key = None
    if config.series_key_file:
        from .core import series  # noqa: F401 - loaded in the master, shared by workers

        series_key = keys.read_series_key(config.series_key_file)
    app.register_blueprint(article.blueprint)
    app.register_blueprint(v1.blueprint(config, series_key))
    app.register_blueprint(openapi.blueprint(config))
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    responses.register(app)
    cli.register(app, config, series_key)

    # WSGI layers, outermost first: metrics include requests that the key check refuses.
    app.wsgi_app = metrics.Measured(  # type: ignore[method-assign]
        app, access.guarded(app, config.api_keys_file, draws.Direct(app, app.wsgi_app))
    )
    return app
