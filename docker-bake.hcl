// What publishing adds to the builds of compose.yaml and overrides/tls.yaml, which it reads for the rest:
// names, contexts, arguments. `make build` and `make push` call it (scripts/stack/images.py).

variable "BASE_IMAGE" {
  default = "debian:trixie-slim"
}
variable "REVISION" {
  default = ""
}
variable "VERSION" {
  default = ""
}
variable "CREATED" {
  default = ""
}
variable "SOURCE" {
  default = ""
}
// Seconds since 1970 that the build takes for now.
variable "SOURCE_DATE_EPOCH" {
  default = ""
}
// Separated by commas.
variable "PLATFORMS" {
  default = "linux/amd64,linux/arm64"
}

group "default" {
  targets = ["api", "nginx", "acme", "prometheus"]
}

target "_published" {
  platforms = split(",", PLATFORMS)
  args = {
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
}

function "labels" {
  params = [title, description]
  result = {
    "org.opencontainers.image.title"       = title
    "org.opencontainers.image.description" = description
    "org.opencontainers.image.version"     = VERSION
    "org.opencontainers.image.revision"    = REVISION
    "org.opencontainers.image.created"     = CREATED
    "org.opencontainers.image.source"      = SOURCE
    "org.opencontainers.image.licenses"    = "MIT"
    "org.opencontainers.image.base.name"   = BASE_IMAGE
  }
}

target "api" {
  inherits = ["_published"]
  labels   = labels("flaskrandom-api", "Flask app on Gunicorn under Supervisor: random strings over HTTP")
}

target "nginx" {
  inherits = ["_published"]
  labels   = labels("flaskrandom-nginx", "nginx in front of flaskrandom-api: limits, TLS, documentation")
}

target "prometheus" {
  inherits = ["_published"]
  labels   = labels("flaskrandom-prometheus", "Prometheus with the metrics and alerts of flaskrandom")
}

target "acme" {
  inherits = ["_published"]
  labels   = labels("flaskrandom-acme", "certbot that keeps the certificate of flaskrandom-nginx valid")
}
