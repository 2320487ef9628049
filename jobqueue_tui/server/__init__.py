"""The control server: an engine as HTTP/JSON over a Unix socket (50-cli-server)."""
