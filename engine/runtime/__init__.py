"""The loop and what it drives: effects performed, rows written, launches built, crashes survived."""
