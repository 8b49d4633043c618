"""Process management: PID 1, graceful shutdown, Gunicorn workers, load shedding, readiness, health check."""
