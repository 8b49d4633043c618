"""The HTTP layer: one module per resource. It holds no drawing logic; that is `core`."""
