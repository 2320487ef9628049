"""What server and client share: records to JSON and back, the handshake, the socket's safety rules."""
