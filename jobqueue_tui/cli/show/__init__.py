"""How lists and records are shown: tables for people, JSON, JSON Lines and CSV for programs."""
