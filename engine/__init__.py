"""The scheduling engine. Usable alone as a library; imports nothing of Textual, Rich or a server."""
