"""One file per verb: what it does to the state, and when it is refused. A refusal changes nothing."""
