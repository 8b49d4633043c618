"""The HTTP layer: one module a resource. It holds no drawing logic; that is `core`."""
