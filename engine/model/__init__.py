"""What the engine knows: runs, jobs, their states, outcomes, reasons, events."""
