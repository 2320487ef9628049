"""What the user wrote: frozen values without I/O."""
