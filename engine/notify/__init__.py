"""Alerts to their notifiers: collected, limited, and sent by a process of its own."""
