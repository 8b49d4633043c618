"""What runs the app: PID 1, the stop in two steps, Gunicorn's worker, load shedding, readiness and the health check."""
